"""Wrong addresses, wrong arguments, hostile bytes: each must end in an error that says what was asked, what came back, where, and what to do.

"At once" is under two seconds: the peer refused, did not resolve, or answered something else. "Within the timeout" is what the caller gave.
"""
