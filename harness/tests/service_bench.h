/*
 * service_bench.h - a service on a loop inside a test, and raw requests to it.
 *
 * Time is virtual unless asked otherwise. Requests are bytes over a real
 * loopback stream, so that nothing rewrites a target on its way.
 */
#ifndef SYN_TESTS_SERVICE_BENCH_H
#define SYN_TESTS_SERVICE_BENCH_H

#include "base/json.h"
#include "net/stream.h"
#include "service/service.h"
#include "syn/arena.h"

#define BENCH_ACCOUNT "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BENCH_SERVICE "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BENCH_TOKEN   "11111111111111111111111111111111"
#define BENCH_KEY     "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* standard */
#define BENCH_MAIN    "SKabababababababababababababababab" /* main */
#define BENCH_LIMITED "SKacacacacacacacacacacacacacacacac" /* restricted */
#define BENCH_GONE    "SKadadadadadadadadadadadadadadadad" /* deleted */
#define BENCH_SECRET  "secret of a bench key"
#define OTHER_ACCOUNT "ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OTHER_SERVICE "ISbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OTHER_TOKEN   "22222222222222222222222222222222"
#define BENCH_ROOT    "/v1/Services/" BENCH_SERVICE

struct bench {
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_service *service;
    struct syn_arena arena;      /* of replies; lives as long as the bench */
    const char *user, *password; /* of bench_call; NULL: none */
    const char *headers;         /* further lines of bench_call, with CRLF */
    /* Its keeper: a ticket per change, kept at once unless a test says so. */
    struct syn_keeper keeper;
    uint64_t marked, kept;  /* tickets given; kept while it holds */
    bool holds;             /* `kept` alone counts */
    unsigned turns_to_keep; /* while it holds: so many turns a ticket */
    bool fails_at_mark;     /* the next change is never kept */
    bool has_failed;
    bool had_end; /* bench_exchange: the peer ended it */
};

/* One answer, copied. */
struct bench_reply {
    unsigned status;
    int64_t code; /* of an error body; 0: none */
    struct syn_str body;
    const struct syn_json *json;            /* NULL: empty or no JSON */
    const struct syn_http_message *message; /* header fields, copied */
};

/* `setup` NULL or partly filled: accounts, address and port are the bench's. */
void bench_start(struct bench *bench, const struct syn_service_setup *setup,
                 bool is_virtual);
void bench_stop(struct bench *bench);

/* Send bytes over a new stream and read `count` answers, or until the end;
 * returns how many came. */
size_t bench_exchange(struct bench *bench, struct syn_str bytes, size_t count,
                      struct bench_reply *replies);

/* One request. `form` NULL: no body. */
struct bench_reply bench_call(struct bench *bench, const char *method,
                              const char *target, const char *form);

/* Text at a JSON pointer of the reply; fails the test when it is none. */
const char *bench_text(const struct bench *bench,
                       const struct bench_reply *reply, const char *pointer);
int64_t bench_number(const struct bench_reply *reply, const char *pointer);

/* Header of the reply, "" when absent. */
const char *bench_header(struct bench *bench, const struct bench_reply *reply,
                         const char *name);

/* Path and query of an absolute URL. */
const char *bench_target(const char *url);

#endif
