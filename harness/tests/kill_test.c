/*
 * kill_test.c - kill a server at random moments; what it acknowledged stays.
 *
 *     kill_test PROGRAM KILLS full|normal [SEED]
 *
 * Half of the writers use REST, half share two SDK connections; each has one
 * write under way, always. A writer alone changes its document and its list,
 * so that after a restart exactly two states are right: the one acknowledged,
 * and the one that the write under way would have made. A third connection
 * hears all events: what was told to it is as good as acknowledged.
 *
 * Lost: an acknowledged write that is not there. Reused: a revision or index
 * given again. Exit 0 only if both are 0 and every kill met its conditions.
 */
#include "kill_peer.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REST_WRITERS   16
#define WRITERS        32
#define LIVES          2
#define PEERS          (REST_WRITERS + LIVES + 1) /* the last one hears */
#define HEARER         (PEERS - 1)
#define ITEMS_MAX      80
#define ITEMS_KEPT     40
#define IN_FLIGHT_MIN  20
#define FRESH_US       5000
#define RUN_US_MIN     10000
#define RUN_US_SPREAD  60000
#define LURK_US_SPREAD 2500
#define RUN_US_MAX     20000000

enum op { OP_NONE, OP_UPDATE, OP_APPEND, OP_REMOVE };

struct item {
    int64_t index, n;
};

struct writer {
    unsigned number;
    int64_t next_n; /* never used twice */
    enum op op;     /* under way */
    int64_t op_n;   /* of OP_UPDATE, OP_APPEND */
    bool was_told;  /* its event came before its reply */
    struct item victim;
    int64_t revision, n; /* of the document, acknowledged */
    struct item items[ITEMS_MAX];
    size_t item_count;
    int64_t index_max; /* ever given, as far as anybody was told */
};

struct test {
    const char *program, *file, *sync;
    uint64_t random;
    struct kill_server server;
    struct kill_peer peers[PEERS];
    struct writer writers[WRITERS];
    int64_t last_ack_us;
    unsigned long acks, lost, reused, events;
    size_t in_flight_min;
    int64_t ack_age_max_us;
};

static void complain(unsigned long *count, const struct writer *writer,
                     const char *what, int64_t want, int64_t got)
{
    ++*count;
    (void)fprintf(stderr, "kill_test: writer %u: %s: %lld and %lld\n",
                  writer->number, what, (long long)want, (long long)got);
}

/* --- writing -------------------------------------------------------------- */

static void choose(struct writer *writer)
{
    const int64_t n = writer->next_n++;
    writer->op_n = n;
    writer->was_told = false;
    if (n % 3 == 1 && writer->item_count < ITEMS_KEPT) {
        writer->op = OP_APPEND;
    } else if (n % 3 == 2 && writer->item_count > 0) {
        /* The newest goes first: its index must not come again. */
        writer->op = OP_REMOVE;
        writer->victim = n % 4 == 0 ? writer->items[0]
                                    : writer->items[writer->item_count - 1];
    } else {
        writer->op = OP_UPDATE;
    }
}

static void send_rest(struct test *test, struct writer *writer)
{
    struct kill_peer *peer = &test->peers[writer->number];
    char path[128];
    char form[64];
    (void)snprintf(form, sizeof form, "Data=%%7B%%22n%%22%%3A%lld%%7D",
                   (long long)writer->op_n);
    if (writer->op == OP_UPDATE) {
        (void)snprintf(path, sizeof path, "/Documents/d%u", writer->number);
        kill_send_rest(peer, "POST", path, form);
    } else if (writer->op == OP_APPEND) {
        (void)snprintf(path, sizeof path, "/Lists/l%u/Items", writer->number);
        kill_send_rest(peer, "POST", path, form);
    } else {
        (void)snprintf(path, sizeof path, "/Lists/l%u/Items/%lld",
                       writer->number, (long long)writer->victim.index);
        kill_send_rest(peer, "DELETE", path, NULL);
    }
}

static void send_live(struct test *test, struct writer *writer)
{
    struct kill_peer *peer =
        &test->peers[REST_WRITERS + writer->number % LIVES];
    const char *root = "/v3/Services/" KILL_SERVICE;
    char path[160];
    char body[64];
    char id[32];
    (void)snprintf(id, sizeof id, "W%u.", writer->number);
    (void)snprintf(body, sizeof body, "{\"data\":{\"n\":%lld}}",
                   (long long)writer->op_n);
    if (writer->op == OP_UPDATE) {
        (void)snprintf(path, sizeof path, "%s/Documents/d%u", root,
                       writer->number);
    } else if (writer->op == OP_APPEND) {
        (void)snprintf(path, sizeof path, "%s/Lists/l%u/Items", root,
                       writer->number);
    } else {
        (void)snprintf(path, sizeof path, "%s/Lists/l%u/Items/%lld", root,
                       writer->number, (long long)writer->victim.index);
        kill_send_live(peer, id, "DELETE", path, "");
        return;
    }
    kill_send_live(peer, id, "POST", path, body);
}

static void write_next(struct test *test, struct writer *writer)
{
    choose(writer);
    if (writer->number < REST_WRITERS) {
        send_rest(test, writer);
    } else {
        send_live(test, writer);
    }
}

/* --- what was acknowledged ------------------------------------------------ */

static void remove_item(struct writer *writer, int64_t index)
{
    for (size_t i = 0; i < writer->item_count; i++) {
        if (writer->items[i].index == index) {
            memmove(&writer->items[i], &writer->items[i + 1],
                    (writer->item_count - i - 1) * sizeof writer->items[0]);
            writer->item_count--;
            return;
        }
    }
}

static void add_item(struct test *test, struct writer *writer, int64_t index,
                     int64_t n)
{
    if (index <= writer->index_max) {
        complain(&test->reused, writer, "index given again", writer->index_max,
                 index);
    } else {
        writer->index_max = index;
    }
    if (writer->item_count == ITEMS_MAX) {
        kill_fault("too many items");
    }
    writer->items[writer->item_count++] = (struct item){index, n};
}

static void take_update(struct test *test, struct writer *writer,
                        int64_t revision)
{
    if (revision != writer->revision + 1) {
        complain(&test->reused, writer, "revision out of turn",
                 writer->revision + 1, revision);
    }
    writer->revision = revision;
    writer->n = writer->op_n;
}

/* A reply with a good status: the write under way is done. */
static void acknowledge(struct test *test, struct writer *writer,
                        const char *reply)
{
    if (writer->op == OP_UPDATE) {
        take_update(test, writer, kill_number(reply, "revision", 16));
    } else if (writer->op == OP_APPEND) {
        add_item(test, writer, kill_number(reply, "index", 10), writer->op_n);
    } else if (writer->op == OP_REMOVE) {
        remove_item(writer, writer->victim.index);
    }
    writer->op = OP_NONE;
    test->acks++;
    test->last_ack_us = kill_now_us();
}

/* An event of a write still under way makes that write a promise. */
static void hear(struct test *test, const char *frame)
{
    const char *name = strstr(frame, "_unique_name\":\"");
    if (strstr(frame, "\"notification\"") == NULL || name == NULL) {
        return;
    }
    const unsigned number =
        (unsigned)strtoul(name + sizeof "_unique_name\":\"", NULL, 10);
    if (number >= WRITERS) {
        kill_fault("an event of nobody");
    }
    struct writer *writer = &test->writers[number];
    test->events++;
    if ((strstr(frame, "document_updated") != NULL &&
         writer->op == OP_UPDATE) ||
        (strstr(frame, "list_item_added") != NULL && writer->op == OP_APPEND)) {
        writer->was_told |= kill_number(frame, "n", 10) == writer->op_n;
    }
    if (strstr(frame, "list_item_removed") != NULL && writer->op == OP_REMOVE) {
        writer->was_told |=
            kill_number(frame, "item_index", 10) == writer->victim.index;
    }
}

static void take_live(struct test *test, const char *frame)
{
    const char *id = strstr(frame, "\"id\":\"W");
    const char *http = strstr(frame, "\"http_status\":");
    if (id == NULL || http == NULL) {
        return;
    }
    const unsigned number = (unsigned)strtoul(id + 7, NULL, 10);
    const int64_t code = kill_number(http, "code", 10);
    if (number >= WRITERS || code < 200 || code > 299) {
        (void)fprintf(stderr, "%s\n", frame);
        kill_fault("a live write was refused");
    }
    acknowledge(test, &test->writers[number], frame);
}

static void take_rest(struct test *test, struct writer *writer,
                      const char *reply)
{
    if (strncmp(reply, "HTTP/1.1 2", 10) != 0) {
        (void)fprintf(stderr, "%s\n", reply);
        kill_fault("a REST write was refused");
    }
    acknowledge(test, writer, reply);
}

static void take_all(struct test *test, size_t i)
{
    for (char *message = kill_take(&test->peers[i]); message != NULL;
         message = kill_take(&test->peers[i])) {
        if (i < REST_WRITERS) {
            take_rest(test, &test->writers[i], message);
        } else if (i < HEARER) {
            take_live(test, message);
        } else {
            hear(test, message);
        }
    }
}

/* --- one life of the server ----------------------------------------------- */

static size_t count_in_flight(const struct test *test)
{
    size_t count = 0;
    for (size_t i = 0; i < WRITERS; i++) {
        count += test->writers[i].op != OP_NONE;
    }
    return count;
}

static void run_turn(struct test *test)
{
    struct pollfd ready[PEERS];
    for (size_t i = 0; i < PEERS; i++) {
        ready[i] = (struct pollfd){.fd = test->peers[i].fd, .events = POLLIN};
    }
    (void)poll(ready, PEERS, 1);
    for (size_t i = 0; i < PEERS; i++) {
        if (ready[i].revents != 0 && !kill_read(&test->peers[i], false)) {
            kill_fault("the server ended by itself");
        }
        take_all(test, i);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        if (test->writers[i].op == OP_NONE) {
            write_next(test, &test->writers[i]);
        }
    }
}

/* Run until `end_us` is past and the conditions hold. */
static void run_until(struct test *test, int64_t begin_us, int64_t end_us)
{
    while (kill_now_us() < end_us ||
           kill_now_us() - test->last_ack_us > FRESH_US - LURK_US_SPREAD ||
           count_in_flight(test) < IN_FLIGHT_MIN) {
        run_turn(test);
        if (kill_now_us() - begin_us > RUN_US_MAX) {
            kill_fault("the conditions of a kill never held");
        }
    }
}

/* Run for a random time, then kill a little later, so that every part of a
 * commit is hit. Who slept too long tries again. */
static void run_and_kill(struct test *test)
{
    const int64_t begin_us = kill_now_us();
    const int64_t end_us =
        begin_us + RUN_US_MIN + kill_pick(&test->random, RUN_US_SPREAD);
    const int64_t lurk_us = kill_pick(&test->random, LURK_US_SPREAD);
    int64_t age_us = 0;
    test->last_ack_us = 0;
    do {
        run_until(test, begin_us, end_us);
        kill_lurk(lurk_us);
        age_us = kill_now_us() - test->last_ack_us;
    } while (age_us > FRESH_US);
    const size_t in_flight = count_in_flight(test);
    kill_end(&test->server, SIGKILL);
    test->in_flight_min =
        in_flight < test->in_flight_min ? in_flight : test->in_flight_min;
    test->ack_age_max_us =
        age_us > test->ack_age_max_us ? age_us : test->ack_age_max_us;
    /* What had left the server counts, read or not. */
    for (size_t i = 0; i < PEERS; i++) {
        while (kill_read(&test->peers[i], true)) {
        }
        take_all(test, i);
        kill_close(&test->peers[i]);
    }
}

/* --- after the restart ---------------------------------------------------- */

static char *ask(struct kill_peer *peer, const char *path)
{
    char *reply = NULL;
    kill_send_rest(peer, "GET", path, NULL);
    for (reply = kill_take(peer); reply == NULL; reply = kill_take(peer)) {
        if (!kill_read(peer, true)) {
            kill_fault("no answer after the restart");
        }
    }
    if (strncmp(reply, "HTTP/1.1 200", 12) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, reply);
        kill_fault("a read failed after the restart");
    }
    return reply;
}

static void check_document(struct test *test, struct writer *writer)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/Documents/d%u", writer->number);
    const char *reply = ask(&test->peers[0], path);
    const int64_t revision = kill_number(reply, "revision", 16);
    const int64_t n = kill_number(reply, "n", 10);
    const bool is_old = revision == writer->revision && n == writer->n;
    const bool is_new = writer->op == OP_UPDATE && n == writer->op_n &&
                        revision == writer->revision + 1;
    if (!is_old && !is_new) {
        complain(&test->lost, writer, "document is at another revision",
                 writer->revision, revision);
    } else if (is_old && writer->op == OP_UPDATE && writer->was_told) {
        complain(&test->lost, writer, "update was told and is gone",
                 writer->op_n, n);
    }
    writer->revision = revision;
    writer->n = n;
}

/* One item that is there: known, or the append that was under way. */
static bool check_item(struct test *test, struct writer *writer,
                       struct item item, bool *has_new)
{
    for (size_t i = 0; i < writer->item_count; i++) {
        if (writer->items[i].index == item.index) {
            if (writer->items[i].n != item.n) {
                complain(&test->reused, writer, "item holds other data",
                         writer->items[i].n, item.n);
            }
            return true;
        }
    }
    if (writer->op != OP_APPEND || item.n != writer->op_n || *has_new) {
        complain(&test->lost, writer, "item that was removed is back",
                 item.index, item.n);
        return false;
    }
    *has_new = true;
    return false;
}

/* Read the list into `now`; true for what was known before. */
static size_t read_items(struct test *test, struct writer *writer,
                         struct item *now, size_t *known, bool *has_new)
{
    char path[64];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/Lists/l%u/Items?PageSize=100",
                   writer->number);
    const char *at = strstr(ask(&test->peers[0], path), "\r\n\r\n");
    if (at == NULL) {
        kill_fault("an answer without an end of its head");
    }
    for (at = strstr(at, "\"index\":"); at != NULL;
         at = strstr(at + 1, "\"index\":")) {
        /* Members of an item in any order: data is sought around the index. */
        const char *begin = at;
        while (*begin != '{') {
            begin--;
        }
        const char *data = strstr(begin, "\"n\":");
        if (count == ITEMS_MAX || data == NULL) {
            kill_fault("an item cannot be read");
        }
        now[count] = (struct item){strtoll(at + 8, NULL, 10),
                                   strtoll(data + 4, NULL, 10)};
        *known += check_item(test, writer, now[count], has_new);
        count++;
    }
    return count;
}

static void check_list(struct test *test, struct writer *writer)
{
    struct item now[ITEMS_MAX];
    size_t known = 0;
    bool has_new = false;
    const size_t count = read_items(test, writer, now, &known, &has_new);
    bool may_miss = writer->op == OP_REMOVE;
    if (known + may_miss < writer->item_count) {
        complain(&test->lost, writer, "items are gone",
                 (int64_t)writer->item_count, (int64_t)known);
    }
    if (writer->op == OP_REMOVE && writer->was_told &&
        known == writer->item_count) {
        complain(&test->lost, writer, "removal was told and is undone",
                 writer->victim.index, 0);
    }
    if (writer->op == OP_APPEND && writer->was_told && !has_new) {
        complain(&test->lost, writer, "item was told and is gone", writer->op_n,
                 0);
    }
    /* In ascending order; only a new one raises the highest index. */
    const int64_t index_max = writer->index_max;
    writer->item_count = 0;
    for (size_t i = 0; i < count; i++) {
        writer->items[writer->item_count++] = now[i];
        if (now[i].index > writer->index_max) {
            writer->index_max = now[i].index;
        }
    }
    if (has_new && writer->index_max == index_max) {
        complain(&test->reused, writer, "index given again", index_max,
                 index_max);
    }
}

/* --- a test --------------------------------------------------------------- */

static void make_objects(struct test *test)
{
    struct kill_peer peer;
    char form[64];
    kill_connect(&peer, test->server.port);
    for (unsigned i = 0; i < WRITERS; i++) {
        for (int kind = 0; kind < 2; kind++) {
            (void)snprintf(form, sizeof form, "UniqueName=%c%u%s",
                           kind == 0 ? 'd' : 'l', i,
                           kind == 0 ? "&Data=%7B%22n%22%3A0%7D" : "");
            kill_send_rest(&peer, "POST", kind == 0 ? "/Documents" : "/Lists",
                           form);
            const char *reply = kill_take(&peer);
            while (reply == NULL && kill_read(&peer, true)) {
                reply = kill_take(&peer);
            }
            if (reply == NULL || strncmp(reply, "HTTP/1.1 201", 12) != 0) {
                kill_fault("cannot create");
            }
        }
        test->writers[i] =
            (struct writer){.number = i, .next_n = 1, .index_max = -1};
    }
    kill_close(&peer);
}

static void subscribe_one(struct test *test, const char *kind, const char *type,
                          unsigned number)
{
    struct kill_peer *hearer = &test->peers[HEARER];
    char path[64];
    char body[256];
    (void)snprintf(path, sizeof path, "/%ss/%c%u", kind, type[0], number);
    const char *sid = strstr(ask(&test->peers[0], path), "\"sid\":\"");
    if (sid == NULL) {
        kill_fault("an object without a sid");
    }
    (void)snprintf(body, sizeof body,
                   "{\"event_protocol_version\":4,\"action\":\"establish\","
                   "\"correlation_id\":7,\"retried_requests\":0,"
                   "\"ttl_in_s\":-1,\"requests\":[{\"object_sid\":\"%.34s\","
                   "\"object_type\":\"%s\",\"last_event_id\":null}]}",
                   sid + 7, type);
    kill_send_live(hearer, "S", "POST", "/v4/Subscriptions", body);
}

static void connect_all(struct test *test)
{
    for (size_t i = 0; i < REST_WRITERS; i++) {
        kill_connect(&test->peers[i], test->server.port);
    }
    for (size_t i = REST_WRITERS; i < PEERS; i++) {
        kill_login(&test->peers[i], test->server.port,
                   i == HEARER ? "hearer" : "writer");
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        subscribe_one(test, "Document", "document", i);
        subscribe_one(test, "List", "list", i);
    }
}

static void start_server(struct test *test)
{
    if (!kill_serve(&test->server, test->program, test->file, test->sync)) {
        kill_fault("the server does not start");
    }
}

static void run_test(struct test *test, long kills)
{
    start_server(test);
    make_objects(test);
    for (long i = 0; i < kills; i++) {
        connect_all(test);
        run_and_kill(test);
        start_server(test);
        kill_connect(&test->peers[0], test->server.port);
        for (size_t w = 0; w < WRITERS; w++) {
            check_document(test, &test->writers[w]);
            check_list(test, &test->writers[w]);
            test->writers[w].op = OP_NONE;
        }
        kill_close(&test->peers[0]);
    }
    kill_end(&test->server, SIGTERM);
}

int main(int argc, char **argv)
{
    static struct test test = {.in_flight_min = WRITERS};
    char folder[] = "/tmp/syn-kill-XXXXXX";
    char file[64];
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    if (argc < 4 || mkdtemp(folder) == NULL) {
        kill_fault("usage: kill_test PROGRAM KILLS full|normal [SEED]");
    }
    (void)snprintf(file, sizeof file, "%s/db", folder);
    const long kills = strtol(argv[2], NULL, 10);
    test.program = argv[1];
    test.sync = argv[3];
    test.file = file;
    test.random = argc > 4 ? strtoull(argv[4], NULL, 10) | 1
                           : (uint64_t)kill_now_us() | 1;
    (void)printf("seed %llu, database %s\n", (unsigned long long)test.random,
                 file);
    (void)fflush(stdout);
    run_test(&test, kills);
    (void)printf("%ld kills, %lu writes acknowledged, %lu events heard, at "
                 "each kill %zu or more in flight and the last "
                 "acknowledgement %lld us old or less: %lu lost, %lu reused\n",
                 kills, test.acks, test.events, test.in_flight_min,
                 (long long)test.ack_age_max_us, test.lost, test.reused);
    if (test.lost + test.reused > 0 || kills <= 0 || test.events == 0 ||
        test.ack_age_max_us > FRESH_US) {
        return 1; /* the database stays, to be looked at */
    }
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s%s", file, tails[i]);
        (void)unlink(name);
    }
    (void)rmdir(folder);
    return 0;
}
