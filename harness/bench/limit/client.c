/*
 * client.c - what a client in C can do on one thread of this machine: plain
 * epoll, no library. It loads the limit server, nginx and the service alike,
 * with the same bytes, so that no side is measured by another client.
 *
 * A connection may have to introduce itself (Twilsock's init, subscriptions):
 * it sends the messages of the given files, waits for as many answers as each
 * names, and only then counts as open.
 *
 * Usage: limit_client -p PORT -m MODE [-n COUNT] [-d SECONDS] [-M PID] …
 *   rtt   COUNT connections, one message under way each
 *   fan   one publisher, COUNT subscribers, -w messages under way; one is done
 *         when all have it and the publisher has its acknowledgement
 *   conn  hold 1,000 and then 15,000 (-H), at each open COUNT more; measured
 *   idle  open COUNT, say what memory the peer took
 *   get   HTTP/1.1 requests over COUNT kept connections, one under way each
 *   -P PATH        of the WebSocket (default /echo), -Q of the publisher
 *   -f FILE        the message or request; "@@@@@@" becomes the number of the
 *                  connection
 *   -h FILE:N      introduce with FILE, await N messages; may be repeated
 *   -o FILE:N      the same of the publisher
 *   -a FILE        acknowledge each delivery with FILE
 *   -x TEXT        the first answer must have TEXT in it
 *   -S COUNT       source addresses, 127.0.0.2 and on
 * Prints one line `name=value …`; times are CPU time, `peer_us` of PID.
 */
#include "bench/limit/crowd.h"
#include "syn/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DECIMAL    10
#define OPTIONS    "p:m:n:d:M:P:Q:f:h:o:a:x:S:w:H:"
#define WARM_S     0.5
#define US_PER_S   1e6
#define WAIT_MS    50
#define PATH_BYTES 64
#define IDLE_WARM  100

static struct {
    const char *mode;
    const char *held;
    double seconds;
    unsigned pid; /* 0: no peer is looked at */
    unsigned count;
    unsigned window;
    uint64_t done; /* deliveries of the measured time */
    uint64_t acks; /* since the start, likewise below */
    uint64_t deliveries;
    uint64_t finished; /* messages that all have */
} plan = {.mode = "rtt",
          .held = "1000,15000",
          .seconds = 3,
          .count = 100,
          .window = 8};

static void print_span(const struct span *span, uint64_t work)
{
    double each = work > 0 ? (double)work : 1;
    (void)printf("count=%llu rate=%.0f own_us=%.3f peer_us=%.3f",
                 (unsigned long long)work, (double)work / span->wall_s,
                 span->own_s * 1e6 / each, span->peer_s * 1e6 / each);
}

static void print_rest(const struct crowd *crowd)
{
    (void)printf(" p50_us=%lld p99_us=%lld bytes=%.1f failed=%u\n",
                 (long long)syn_hist_percentile(crowd->latency, 50.0),
                 (long long)syn_hist_percentile(crowd->latency, 99.0),
                 crowd->messages == 0
                     ? 0
                     : (double)crowd->bytes / (double)crowd->messages,
                 crowd->failed);
}

static int end_of(const struct crowd *crowd)
{
    return crowd->failed == 0 && crowd->messages > 0 ? EXIT_SUCCESS
                                                     : EXIT_FAILURE;
}

/* Warm up, then count what comes within the time. */
static struct span measure(struct crowd *crowd)
{
    int64_t end_us = crowd_now_us() + (int64_t)(WARM_S * US_PER_S);
    while (crowd_now_us() < end_us && crowd->failed == 0) {
        crowd_turn(crowd, WAIT_MS);
    }
    crowd->messages = 0;
    crowd->bytes = 0;
    plan.done = 0;
    syn_hist_init(crowd->latency);
    struct span begun = span_begin((int)plan.pid);
    end_us = crowd_now_us() + (int64_t)(plan.seconds * US_PER_S);
    while (crowd_now_us() < end_us && crowd->failed == 0) {
        crowd_turn(crowd, WAIT_MS);
    }
    return span_end(&begun, (int)plan.pid);
}

/* --- one message under way each -------------------------------------------
 */

static void send_next(struct crowd *crowd, struct face *face)
{
    int64_t now_us = crowd_now_us();
    syn_hist_record(crowd->latency, now_us - face->sent_us);
    face->sent_us = now_us;
    crowd_send(crowd, face);
}

static int run_rounds(struct crowd *crowd)
{
    crowd->on_message = send_next;
    if ((crowd->is_http && !crowd_learn(crowd)) ||
        !crowd_open(crowd, plan.count, false)) {
        return EXIT_FAILURE;
    }
    for (unsigned i = 0; i < plan.count; i++) {
        crowd->faces[i].sent_us = crowd_now_us();
        crowd_send(crowd, &crowd->faces[i]);
    }
    struct span span = measure(crowd);
    print_span(&span, crowd->messages);
    print_rest(crowd);
    return end_of(crowd);
}

static int run_gets(struct crowd *crowd)
{
    crowd->is_http = true;
    return run_rounds(crowd);
}

/* --- one to many ----------------------------------------------------------
 */

/* Messages are delivered in order to all, so what is done can be told from
 * the number of deliveries; the publisher must have its answer as well. */
static void count_delivery(struct crowd *crowd, struct face *face)
{
    if (face->is_publisher) {
        plan.acks++;
    } else {
        plan.deliveries++;
        plan.done++;
    }
    while (plan.finished < plan.acks &&
           plan.finished < plan.deliveries / plan.count) {
        plan.finished++;
        send_next(crowd, &crowd->faces[plan.count]);
    }
}

static int run_fan(struct crowd *crowd)
{
    crowd->on_message = count_delivery;
    if (!crowd_open(crowd, plan.count, false) ||
        !crowd_open(crowd, plan.count + 1, true)) {
        return EXIT_FAILURE;
    }
    struct face *publisher = &crowd->faces[plan.count];
    publisher->sent_us = crowd_now_us();
    for (unsigned i = 0; i < plan.window; i++) {
        crowd_send(crowd, publisher);
    }
    struct span span = measure(crowd);
    print_span(&span, plan.done);
    print_rest(crowd);
    return end_of(crowd);
}

/* --- opening and holding --------------------------------------------------
 */

static void forget(struct crowd *crowd, struct face *face)
{
    (void)crowd;
    (void)face;
}

static int run_connects(struct crowd *crowd)
{
    const char *held = plan.held;
    crowd->on_message = forget;
    while (*held != '\0') {
        char *end = NULL;
        unsigned from = (unsigned)strtoul(held, &end, DECIMAL);
        if (!crowd_open(crowd, from, false)) {
            return EXIT_FAILURE;
        }
        struct span begun = span_begin((int)plan.pid);
        if (!crowd_open(crowd, from + plan.count, false)) {
            return EXIT_FAILURE;
        }
        struct span span = span_end(&begun, (int)plan.pid);
        (void)printf("held=%u ", from);
        print_span(&span, plan.count);
        (void)printf(" failed=%u\n", crowd->failed);
        held = *end == ',' ? end + 1 : end;
    }
    return EXIT_SUCCESS;
}

/* Memory that is the process's own: resident without what files share. */
static double own_bytes(int pid)
{
    char path[PATH_BYTES];
    long resident = 0;
    long shared = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d %ld %ld", &resident, &shared) != 2) {
        resident = shared;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (double)(resident - shared) * (double)sysconf(_SC_PAGESIZE);
}

/* A first hundred warms pools and tables up; they are not counted. */
static int run_idle(struct crowd *crowd)
{
    crowd->on_message = forget;
    if (!crowd_open(crowd, IDLE_WARM, false)) {
        return EXIT_FAILURE;
    }
    double before = own_bytes((int)plan.pid);
    if (!crowd_open(crowd, IDLE_WARM + plan.count, false)) {
        return EXIT_FAILURE;
    }
    double each = (own_bytes((int)plan.pid) - before) / plan.count;
    (void)printf("count=%u bytes_each=%.0f failed=%u\n", plan.count, each,
                 crowd->failed);
    return EXIT_SUCCESS;
}

/* --- options --------------------------------------------------------------
 */

static bool read_text(const char *path, struct text *out)
{
    FILE *file = fopen(path, "rb");
    free(out->at); /* of the same option, given before */
    out->bytes = 0;
    out->at = calloc(1, CROWD_PARTS_MAX);
    SYN_ASSERT(out->at != NULL);
    if (file != NULL) {
        out->bytes = fread(out->at, 1, CROWD_PARTS_MAX, file);
        (void)fclose(file);
    }
    return out->bytes > 0;
}

/* FILE:N */
static bool add_hello(struct hello *hellos, char *value)
{
    char *colon = strrchr(value, ':');
    unsigned i = 0;
    while (i < CROWD_HELLOS_MAX && hellos[i].message.at != NULL) {
        i++;
    }
    if (colon == NULL || i == CROWD_HELLOS_MAX) {
        return false;
    }
    *colon = '\0';
    hellos[i].answers = (unsigned)strtoul(colon + 1, NULL, DECIMAL);
    return hellos[i].answers > 0 && read_text(value, &hellos[i].message);
}

static bool read_number(struct crowd *crowd, int option, const char *value)
{
    const struct {
        int option;
        unsigned *to;
    } numbers[] = {{'p', &crowd->port},
                   {'n', &plan.count},
                   {'w', &plan.window},
                   {'S', &crowd->sources},
                   {'M', &plan.pid}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].option == option) {
            *numbers[i].to = (unsigned)strtoul(value, NULL, DECIMAL);
            return true;
        }
    }
    return false;
}

static bool read_word(struct crowd *crowd, int option, const char *value)
{
    const struct {
        int option;
        const char **to;
    } words[] = {{'m', &plan.mode},
                 {'H', &plan.held},
                 {'P', &crowd->path},
                 {'Q', &crowd->publisher_path},
                 {'x', &crowd->expected}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].option == option) {
            *words[i].to = value;
            return true;
        }
    }
    return false;
}

static bool read_option(struct crowd *crowd, int option, char *value)
{
    if (option == 'd') {
        plan.seconds = strtod(value, NULL);
        return plan.seconds > 0;
    }
    if (option == 'f') {
        return read_text(value, &crowd->message);
    }
    if (option == 'a') {
        return read_text(value, &crowd->ack);
    }
    if (option == 'h') {
        return add_hello(crowd->hellos, value);
    }
    if (option == 'o') {
        return add_hello(crowd->publisher_hellos, value);
    }
    return read_number(crowd, option, value) || read_word(crowd, option, value);
}

static void free_texts(struct crowd *crowd)
{
    for (size_t i = 0; i < CROWD_HELLOS_MAX; i++) {
        free(crowd->hellos[i].message.at);
        free(crowd->publisher_hellos[i].message.at);
    }
    free(crowd->message.at);
    free(crowd->ack.at);
}

static const struct {
    const char *name;
    int (*run)(struct crowd *crowd);
} modes[] = {{"rtt", run_rounds},
             {"get", run_gets},
             {"fan", run_fan},
             {"conn", run_connects},
             {"idle", run_idle}};

static int run_mode(struct crowd *crowd)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(modes[i].name, plan.mode) == 0) {
            return modes[i].run(crowd);
        }
    }
    (void)fprintf(stderr, "limit_client: no mode %s\n", plan.mode);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct crowd crowd = {.path = "/echo", .publisher_path = "/pub"};
    for (int option = getopt(argc, argv, OPTIONS); option != -1;
         option = getopt(argc, argv, OPTIONS)) {
        if (!read_option(&crowd, option, optarg)) {
            (void)fprintf(stderr, "limit_client: see the head of client.c\n");
            free_texts(&crowd);
            return EXIT_FAILURE;
        }
    }
    crowd_init(&crowd);
    int code = run_mode(&crowd);
    crowd_fini(&crowd);
    free_texts(&crowd);
    return code;
}
