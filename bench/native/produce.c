/* Writes the topics of the benchmark: a record for each line of standard input, by librdkafka, so that no topic is laid out by kaframe itself.
 *
 *     produce SERVERS TOPIC PARTITIONS COMPRESSION FIRST_MS STEP_US [RUN]
 *
 * Batches of 64 KiB before compression. Runs of RUN neighbouring lines (500) go to the partitions in turn, so a partition is in the order of the
 * lines. Record i has the timestamp FIRST_MS + i * STEP_US / 1000; FIRST_MS 0 means now. Prints records and bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rdkafka_abi.h"

int main(int argc, char **argv) {
    char error[512];
    if (argc < 7) { fprintf(stderr, "produce SERVERS TOPIC PARTITIONS COMPRESSION FIRST_MS STEP_US [RUN]\n"); return 2; }
    long partitions = atol(argv[3]), run = argc > 7 ? atol(argv[7]) : 500;
    long long first = atoll(argv[5]), step = atoll(argv[6]);
    if (first == 0) first = (long long)time(NULL) * 1000;
    const char *const settings[][2] = {
        {"bootstrap.servers", argv[1]}, {"compression.type", argv[4]}, {"batch.size", "65536"}, {"batch.num.messages", "100000"},
        {"linger.ms", "100"}, {"enable.idempotence", "true"}, {"queue.buffering.max.messages", "500000"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) != RD_KAFKA_CONF_OK) {
            fprintf(stderr, "%s\n", error);
            return 1;
        }
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (!client) { fprintf(stderr, "%s\n", error); return 1; }
    static char buffer[1 << 20];
    setvbuf(stdin, buffer, _IOFBF, sizeof buffer);
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    long long rows = 0, bytes = 0;
    while ((length = getline(&line, &room, stdin)) > 0) {
        if (line[length - 1] == '\n') length--;
        int failed;
        while ((failed = rd_kafka_producev(client, RD_KAFKA_VTYPE_TOPIC, argv[2], RD_KAFKA_VTYPE_PARTITION, (int32_t)(rows / run % partitions),
                                           RD_KAFKA_VTYPE_VALUE, line, (size_t)length, RD_KAFKA_VTYPE_MSGFLAGS, RD_KAFKA_MSG_F_COPY,
                                           RD_KAFKA_VTYPE_TIMESTAMP, (int64_t)(first + rows * step / 1000), RD_KAFKA_VTYPE_END))
               == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(client, 20);
        if (failed) { fprintf(stderr, "%s\n", rd_kafka_err2str(failed)); return 1; }
        bytes += length;
        if (++rows % 10000 == 0) rd_kafka_poll(client, 0);
    }
    int left = rd_kafka_flush(client, 120000);
    if (left) { fprintf(stderr, "not written: %s\n", rd_kafka_err2str(left)); return 1; }
    printf("{\"rows\": %lld, \"value_bytes\": %lld}\n", rows, bytes);
    return 0;
}
