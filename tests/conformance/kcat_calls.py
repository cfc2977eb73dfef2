"""A hundred calls of kcat as people make them, and the topics that they read. Each is run with kcat and with kaframe's kcat mode.

A call is the text of a command line behind ``kcat -b BROKERS``; ``{plain}`` and so on stand for topics, ``{t50}`` for the timestamp of record 50.
Calls whose order kcat leaves open (several partitions) begin with ``~``: their lines are compared sorted.
"""

from __future__ import annotations

CALLS = r"""
-C -t {plain} -e
-C -e -q -t {plain}
-Ceqt {plain}
-t {plain} -C -e -q -u
-C -t {plain} -p 0 -e
-C -t {plain} -p -1 -e -q
-C -t {plain} -o beginning -e
-C -t {plain} -o end -e
-C -t {plain} -o 0 -e
-C -t {plain} -o 42 -e
-C -t {plain} -o 99 -e
-C -t {plain} -o 100 -e
-C -t {plain} -o 101 -e
-C -t {plain} -o 1000000 -e
-C -t {plain} -o 1000000 -e -X auto.offset.reset=earliest
-C -t {plain} -o 1000000 -e -X topic.auto.offset.reset=smallest
-C -t {plain} -o -1 -e
-C -t {plain} -o -10 -e
-C -t {plain} -o -100 -e
-C -t {plain} -o -5000 -e
-C -t {plain} -o-3 -e
-C -t {plain} -c 5
-C -t {plain} -c5 -e
-C -t {plain} -c 1 -o 7
-C -t {plain} -o -3 -c 2
-C -t {plain} -c 100
-C -t {plain} -c 0 -e
-C -t {plain} -o s@{t50} -e
-C -t {plain} -o s@{t0} -e
-C -t {plain} -o s@1 -e
-C -t {plain} -o s@{t50} -c 3
-C -t {plain} -o s@4102444800000 -e
-C -t {plain} -o e@{t50} -e
-C -t {plain} -o e@{t50}
-C -t {plain} -o s@{t20} -o e@{t50} -e
-C -t {plain} -o s@{t20} -o e@{t50}
-C -t {plain} -o e@4102444800000 -e
-C -t {plain} -o e@1 -e
-C -t {plain} -o 30 -o e@{t50} -e
-C -t {plain} -o 60 -o e@{t50} -e
-C -t {plain} -e -D ;
-C -t {plain} -e -D ''
-C -t {plain} -e -D '\t\n'
-C -t {plain} -e -D '\x3b\x20'
-C -t {plain} -e -D '--\n'
-C -t {plain} -e -f '%s\n'
-C -t {plain} -e -f '%t [%p] at %o: %k=%s\n'
-C -t {plain} -e -f '%T,%S,%K\n'
-C -t {plain} -e -f '100%% %o\r\n'
-C -t {plain} -c 3 -f '\x41\0102\67%o\\n\n'
-C -t {plain} -c 3 -f 'no tokens\n'
-C -t {plain} -e -J
-C -t {plain} -c 3 -J
-C -t {plain} -c 3 -J -D ', '
-C -t {plain} -c 3 -J -f '%t %p %o %k %s\n'
-C -t {plain} -c 3 -J -f '\n\n'
-b {brokers} -t {plain} -C -o s@{t20} -o e@{t50} -e -J -f '%t %p %o %k %s\n'
-C -t {odd} -e
-C -t {odd} -e -K :
-C -t {odd} -e -K '\t'
-C -t {odd} -e -K ': ' -D '|\n'
-C -t {odd} -e -Z
-C -t {odd} -e -Z -K :
-C -t {odd} -e -f '%o|%k|%K|%s|%S|%h\n'
-C -t {odd} -e -Z -f '%o|%k|%K|%s|%S|%h\n'
-C -t {odd} -e -f '%R%s'
-C -t {odd} -e -f '%h\n'
-C -t {odd} -e -J
-C -t {odd} -e -J -Z
-C -t {odd} -o -3 -J -c 3
-C -t {packed} -e -s key=i -s value=qs -K ' '
-C -t {packed} -e -s 'key=I$' -f '%k\n'
-C -t {packed} -e -s 'key=<i' -f '%k\n'
-C -t {packed} -e -s 'value=hHbBccs' -f '%s\n'
-C -t {packed} -e -s 'value=h H b B' -f '%s\n'
-C -t {packed} -e -s 'value=b$' -f '%s\n'
-C -t {packed} -e -E -s 'value=b$' -f '%s\n'
-C -t {packed} -e -E -s 'key=qq' -f '[%k]\n'
-C -t {packed} -e -s 'value=Q' -f '%k %s\n'
-C -t {packed} -e -s key=i -J
-C -t {three} -p 0 -e -J
-C -t {three} -p 1 -e -f '%p %o %s\n'
-C -t {three} -p 2 -o -2 -e -f '%p %o %s\n'
~-C -t {three} -e -f '%p %o %k %s\n'
~-C -t {three} -e -J
~-C -t {three} -o -2 -e -f '%p %o\n'
~-C -t {three} -o s@{t50} -e -f '%p %T\n'
~-C -t {three} -o s@{t20} -o e@{t50} -e -f '%p %T\n'
-C -t {three} -p 7 -e
-C -t {empty} -e
-C -t {empty} -o -5 -e -J
-C -t {trimmed} -e -f '%o\n'
-C -t {trimmed} -o 10 -e -f '%o\n'
-C -t {trimmed} -o 10 -e -f '%o\n' -X auto.offset.reset=earliest
-C -t {trimmed} -o -1000 -e -f '%o\n'
-C -t {trimmed} -o -5 -e -f '%o\n'
-C -t {stamped} -c 3 -J
-C -t {stamped} -e -f '%T\n'
-C -t {transactions} -e -f '%o %s\n'
-C -t {transactions} -e -f '%o %s\n' -X isolation.level=read_uncommitted
-C -t {transactions} -o -4 -e -f '%o\n'
-C -t {big} -e -f '%o %S %s\n'
-C -t {big} -o -100 -e
-C -t no-such-topic -e
-C -t {plain} -f '%d\n' -e
-C -t {plain} -s z -e
-C -e
-P -C -t {plain} -c 2
-Q -t {plain}:0:{t50}
-Q -t {plain}:0:0
-Q -t {plain}:0:4102444800000
-Q -t {three}:2:{t50} -t {three}:0:{t50} -t {plain}:0:{t20}
-Q -J -t {three}:2:{t50} -t {three}:0:{t50} -t {plain}:0:{t20}
-Q -t {plain}:0
-Q
-L -t {plain}
-L -J -t {three}
-L -t {three}
-L
-L -J
"""


def calls() -> list[str]:
    return [line for line in CALLS.splitlines() if line]
