import kaframe as kf

with kf.Broker(topics={"foo": 1}) as broker:
    kafka = kf.connect(broker.bootstrap_servers)
    kafka.write([{"number": i} for i in range(1000)], "foo")
    table = kafka.read("foo")
    df = table.to_pandas()
    print(df.head(), df.dtypes, sep="\n\n", end="\n\n")
    print(table.report)
