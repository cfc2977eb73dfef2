"""Mistakes that a type checker must find: each line that ends in a rule's name in brackets."""

import kaframe as kf

kf.read("orders", group_id="me")  # [reportCallIssue]
kf.read("orders", n_rows=5)  # [reportCallIssue]
kf.read("orders", "localhost:9092")  # [reportCallIssue]
kf.read()  # [reportCallIssue]
kf.read("orders", start=1.5)  # [reportArgumentType]
kf.read("orders", end=kf.Bookmark("{}"))  # [reportArgumentType]
kf.read("orders", isolation_level="serializable")  # [reportArgumentType]
kf.read("orders", on_error="ignore")  # [reportArgumentType]
kf.read("orders", partitions=3)  # [reportArgumentType]
kf.read("orders").to_pandas(dtype_backend="arrow")  # [reportArgumentType]
kf.scan("orders").read().nothing  # [reportAttributeAccessIssue]
kf.write(5, "orders")  # [reportArgumentType]
kf.write([{"n": 1}], "orders", compression="rar")  # [reportArgumentType]
kf.connect("a:9092").read("orders", bootstrap_servers="b:9092")  # [reportCallIssue]
kf.Broker(version="1.0")  # [reportArgumentType]
