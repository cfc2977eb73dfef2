/* librdkafka as fast as it goes: consumes whole partitions, with checksums checked, and only counts. What any client above it can reach at best.
 *
 *     count SERVERS TOPIC PARTITIONS ROWS
 *
 * The settings keep its queue full (with the defaults it pauses for a second whenever the queue is full). Prints one line of JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rdkafka_abi.h"

static const char *const settings[][2] = {
    {"check.crcs", "true"},
    {"enable.partition.eof", "true"},
    {"queued.min.messages", "1000000"},
    {"fetch.message.max.bytes", "8388608"},
    {"queued.max.messages.kbytes", "1048576"},
    {"fetch.queue.backoff.ms", "5"},
    {"fetch.wait.max.ms", "10"},
};

struct counted { long long rows, bytes; int ended; int error; };

static void take(rd_kafka_message_t *message, void *opaque) {
    struct counted *counted = opaque;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        counted->ended++;
    } else if (message->err) {
        counted->error = message->err;
    } else {
        counted->rows++;
        counted->bytes += (long long)message->len;
    }
}

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The kernel's VmHWM. Not ru_maxrss, which a process inherits from the one that started it. */
static long long peak_bytes(void) {
    char line[256];
    long long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %lld", &kilobytes) == 1) break;
    if (status) fclose(status);
    return kilobytes * 1024;
}

int main(int argc, char **argv) {
    char error[512];
    if (argc != 5) { fprintf(stderr, "count SERVERS TOPIC PARTITIONS ROWS\n"); return 2; }
    int partitions = atoi(argv[3]);
    long long rows = atoll(argv[4]);
    double began = now(CLOCK_MONOTONIC);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int bad = rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], error, sizeof error) != RD_KAFKA_CONF_OK;
    for (size_t i = 0; !bad && i < sizeof settings / sizeof *settings; i++)
        bad = rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) != RD_KAFKA_CONF_OK;
    rd_kafka_t *client = bad ? NULL : rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    if (!client) { fprintf(stderr, "%s\n", error); return 1; }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, argv[2], NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    /* The offset as a number: to find the "beginning" it waits half a second for its next look at the leaders. */
    for (int partition = 0; partition < partitions; partition++) rd_kafka_consume_start_queue(topic, partition, 0, queue);
    struct counted counted = {0};
    while (counted.rows < rows && counted.ended < partitions && !counted.error)
        rd_kafka_consume_callback_queue(queue, 1000, take, &counted);
    double seconds = now(CLOCK_MONOTONIC) - began;
    if (counted.error) { fprintf(stderr, "%s\n", rd_kafka_err2str(counted.error)); return 1; }
    printf("{\"rows\": %lld, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"peak_bytes\": %lld, \"value_bytes\": %lld, \"librdkafka\": \"%s\"}\n",
           counted.rows, seconds, now(CLOCK_PROCESS_CPUTIME_ID), peak_bytes(), counted.bytes, rd_kafka_version_str());
    fflush(stdout);
    /* Nothing to hand back: tearing a full queue down takes longer than the answer is worth. */
    _Exit(0);
}
