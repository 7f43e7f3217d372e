/*
 * calibrate.c - make two services, ask every open question, clean up.
 * Layer: gate. Threads: the loop's.
 */
#include "gate/calibrate_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the embedded service what expires stays so long, to be looked at. */
#define PURGE_DELAY_MS INT64_C(3600000)
#define REASON_BYTES   256
#define TOKEN_TTL_S    86400
#define TEXT_BYTES_MAX 16777216
#define ADDRESS_BYTES  128
#define PORT_MAX       65535

/* --- what is seen --------------------------------------------------------- */

void syn_calibrate_see(struct syn_calibrator *c, enum syn_reading_id which,
                       unsigned value)
{
    c->out->seen[which] =
        (struct syn_reading_seen){.is_observed = true, .value = value};
}

static void keep_reason(struct syn_calibrator *c, enum syn_reading_id which,
                        const char *reason)
{
    struct syn_str kept = syn_arena_dup(c->arena, syn_str_of(reason));
    if (!c->out->seen[which].is_observed) {
        c->out->seen[which].why =
            kept.at == NULL ? SYN_STR("out of memory") : kept;
    }
}

void syn_calibrate_cannot(struct syn_calibrator *c, enum syn_reading_id which,
                          const char *format, ...)
{
    char reason[REASON_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    keep_reason(c, which, reason);
}

void syn_calibrate_lacks(struct syn_calibrator *c, enum syn_reading_id which,
                         const char *control, const struct syn_reply *reply)
{
    if (reply->status != SYN_OK) {
        syn_calibrate_cannot(c, which, "the control failed: %s: %s", control,
                             syn_status_text(reply->status));
        return;
    }
    syn_calibrate_cannot(c, which, "the control failed: %s: answered %u/%d",
                         control, reply->http, reply->code);
}

/* --- actors and things ---------------------------------------------------- */

bool syn_calibrate_is_stopped(const struct syn_calibrator *c)
{
    return syn_bench_is_stopped(&c->bench);
}

const char *syn_calibrate_name(struct syn_calibrator *c, const char *what)
{
    struct syn_str name =
        syn_arena_printf(&c->bench.arena, "%s-%u", what, ++c->names);
    SYN_ASSERT(name.at != NULL);
    return name.at;
}

struct syn_thing syn_calibrate_thing(struct syn_calibrator *c,
                                     enum syn_type type)
{
    return syn_bench_thing(
        &c->bench, type,
        syn_str_of(syn_calibrate_name(c, syn_type_name(type))));
}

struct syn_thing syn_calibrate_made(struct syn_calibrator *c,
                                    enum syn_type type, struct syn_reply *made)
{
    struct syn_thing thing = syn_calibrate_thing(c, type);
    *made =
        syn_backend_do(c->bench.backend,
                       &(struct syn_action){.op = SYN_OP_CREATE, .on = &thing});
    return thing;
}

struct syn_client *syn_calibrate_user(struct syn_calibrator *c,
                                      const struct syn_client_options *options,
                                      struct syn_reply *reply)
{
    struct syn_client *client = NULL;
    struct syn_client_options mine = *options;
    mine.token_ttl_s = mine.token_ttl_s == 0 ? TOKEN_TTL_S : mine.token_ttl_s;
    *reply = (struct syn_reply){.status = SYN_ERR_LIMIT};
    if (c->client_count == SYN_CALIBRATE_CLIENTS_MAX) {
        return NULL;
    }
    reply->status =
        syn_client_new(&c->bench.world, mine.identity, &mine, &client);
    if (reply->status != SYN_OK) {
        return NULL;
    }
    c->clients[c->client_count++] = client;
    *reply = syn_client_connect(client);
    return syn_reply_is_ok(reply) ? client : NULL;
}

struct syn_client *syn_calibrate_named(struct syn_calibrator *c,
                                       const char *identity)
{
    struct syn_reply reply;
    return syn_calibrate_user(
        c, &(struct syn_client_options){.identity = identity}, &reply);
}

const char *syn_calibrate_path(struct syn_calibrator *c, const char *format,
                               ...)
{
    char rest[REASON_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(rest, sizeof rest, format, args);
    va_end(args);
    struct syn_str path = syn_arena_printf(&c->bench.arena, "/v1/Services/%s%s",
                                           c->bench.service_sid, rest);
    SYN_ASSERT(path.at != NULL);
    return path.at;
}

/* --- set-up --------------------------------------------------------------- */

/* The bench's second service gets its ACLs off. */
static bool open_off(struct syn_calibrator *c)
{
    struct syn_str path = syn_arena_printf(&c->bench.arena, "/v1/Services/%s",
                                           c->bench.other_sid);
    bool is_absent = false;
    if (path.at == NULL ||
        !syn_bench_is_ours(&c->bench, c->bench.other_sid, &is_absent)) {
        return false;
    }
    struct syn_reply reply = syn_backend_call(
        c->bench.elsewhere, "POST", path.at, "AclEnabled=false", NULL);
    return syn_reply_is_ok(&reply);
}

/* A service on loopback can reach a sink of ours there; any other needs one
 * that the target file names. */
static bool sink_place(const struct syn_target *target,
                       struct syn_sink_options *options,
                       char address[ADDRESS_BYTES])
{
    if (target == NULL || target->webhook_listen == NULL) {
        return target == NULL || syn_guard_is_loopback(target->rest_url);
    }
    const char *colon = strrchr(target->webhook_listen, ':');
    uint64_t port = 0;
    if (colon == NULL ||
        (size_t)(colon - target->webhook_listen) >= ADDRESS_BYTES ||
        !syn_str_to_u64(syn_str_of(colon + 1), PORT_MAX, &port)) {
        return false;
    }
    (void)snprintf(address, ADDRESS_BYTES, "%.*s",
                   (int)(colon - target->webhook_listen),
                   target->webhook_listen);
    options->address = address;
    options->port = (uint16_t)port;
    options->public_url = target->webhook_public_url;
    return true;
}

static void open_sink(struct syn_calibrator *c)
{
    struct syn_sink_options options = {.address = NULL};
    char address[ADDRESS_BYTES];
    if (!sink_place(c->options->target, &options, address)) {
        c->no_sink = "the target file names no webhook that it can reach";
    } else if (syn_sink_new(&c->bench.world, &options, &c->sink) != SYN_OK) {
        c->no_sink = "the sink for webhooks could not listen";
    }
}

static bool open_all(struct syn_calibrator *c)
{
    const struct syn_calibrate_options *options = c->options;
    const struct syn_bench_options bench = {
        .target = options->target,
        .defect = options->defect,
        .readings = options->readings,
        .purge_delay_ms = PURGE_DELAY_MS,
        .follows_clock =
            options->target != NULL && options->target->has_virtual_clock,
        .seed = options->seed,
        .stop = options->stop,
        .out_dir = options->out_dir};
    syn_status st = syn_bench_open(&c->bench, &bench);
    if (st == SYN_ERR_INTERRUPTED) {
        return false;
    }
    if (st != SYN_OK) {
        struct syn_str why =
            st == SYN_ERR_NET
                ? syn_arena_dup(c->arena, syn_str_of(c->bench.reason))
                : syn_str_of(syn_status_text(st));
        *(st == SYN_ERR_NET ? &c->out->unreachable : &c->out->harness_fault) =
            why.at == NULL ? "out of memory" : why.at;
        return false;
    }
    c->bench.world.scenario = "calibrate";
    if (!open_off(c) && !syn_calibrate_is_stopped(c)) {
        c->out->unreachable = "the ACLs of a service could not be set";
        return false;
    }
    open_sink(c);
    return true;
}

static void close_all(struct syn_calibrator *c)
{
    syn_bench_wind_up(&c->bench);
    syn_calibrate_unhook(c);
    for (size_t i = 0; i < c->client_count; i++) {
        syn_client_free(c->clients[i]);
    }
    syn_sink_free(c->sink);
    c->out->end = syn_bench_close(&c->bench, c->arena);
}

/* --- all questions -------------------------------------------------------- */

static void ask_all(struct syn_calibrator *c)
{
    /* Those that let time pass come last: tokens and sessions would end. */
    static void (*const probes[])(struct syn_calibrator *) = {
        syn_calibrate_rest, syn_calibrate_access, syn_calibrate_tokens,
        syn_calibrate_hooks, syn_calibrate_expiry};
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        if (!syn_calibrate_is_stopped(c)) {
            probes[i](c);
        }
    }
}

void syn_calibrate_observe(struct syn_arena *arena,
                           const struct syn_calibrate_options *options,
                           struct syn_calibration *out)
{
    struct syn_calibrator *c = calloc(1, sizeof *c);
    *out = (struct syn_calibration){.unreachable = NULL};
    if (c == NULL) {
        out->harness_fault = syn_status_text(SYN_ERR_MEMORY);
        return;
    }
    c->options = options;
    c->arena = arena;
    c->out = out;
    if (open_all(c)) {
        ask_all(c);
    }
    out->is_stopped = syn_calibrate_is_stopped(c);
    close_all(c);
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        out->observed += out->seen[i].is_observed ? 1 : 0;
        if (!out->seen[i].is_observed && out->seen[i].why.bytes == 0) {
            out->seen[i].why =
                out->is_stopped ? SYN_STR("interrupted") : SYN_STR("not asked");
        }
    }
    free(c);
}

/* --- what is said of it --------------------------------------------------- */

static void print_table(const struct syn_calibration *seen)
{
    struct syn_buf out;
    size_t others = 0;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        enum syn_reading_id which = (enum syn_reading_id)i;
        const struct syn_reading *reading = syn_reading_at(which);
        const struct syn_reading_seen *one = &seen->seen[i];
        char word[SYN_READING_WORD_BYTES];
        bool is_usual =
            one->value == syn_reading_value(&syn_readings_default, which);
        syn_buf_printf(&out, "%-4s %-25s ", reading->question, reading->id);
        if (!one->is_observed) {
            syn_buf_printf(&out, "not observable here: %.*s\n",
                           SYN_STR_ARG(one->why));
            continue;
        }
        syn_reading_name(which, one->value, word);
        syn_buf_printf(&out, "%s%s\n", word,
                       is_usual ? "" : "  (the reference differs)");
        others += is_usual ? 0 : 1;
    }
    syn_buf_printf(&out,
                   "calibrate: %zu of %d questions observed, %zu answered "
                   "otherwise than by the reference\n",
                   seen->observed, (int)SYN_READING_COUNT, others);
    syn_book_print(&out);
    syn_buf_fini(&out);
}

/* A case for each question: there is no right or wrong, so it is information,
 * or skipped. */
static void add_results(struct syn_book *book,
                        const struct syn_calibration *seen)
{
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        const struct syn_reading *reading =
            syn_reading_at((enum syn_reading_id)i);
        const struct syn_reading_seen *one = &seen->seen[i];
        char word[SYN_READING_WORD_BYTES];
        syn_reading_name((enum syn_reading_id)i, one->value, word);
        struct syn_str id =
            syn_arena_printf(book->arena, "calibrate/%s", reading->id);
        struct syn_str reason =
            one->is_observed
                ? syn_arena_printf(book->arena, "observed: %s", word)
                : syn_arena_printf(book->arena, "not observable here: %.*s",
                                   SYN_STR_ARG(one->why));
        if (id.at == NULL || reason.at == NULL) {
            book->is_full = true;
            return;
        }
        syn_book_add(book,
                     &(struct syn_result){.suite = "calibrate",
                                          .chapter = "calibrate",
                                          .id = id.at,
                                          .repeat = 1,
                                          .title = reading->text,
                                          .level = SYN_LEVEL_INFO,
                                          .subject = SYN_SUBJECT_SERVICE,
                                          .verdict = one->is_observed
                                                         ? SYN_VERDICT_INFO
                                                         : SYN_VERDICT_SKIPPED,
                                          .reason = reason});
    }
}

static bool save(const struct syn_calibrate_options *options,
                 const char *target, const struct syn_calibration *seen)
{
    struct syn_buf text;
    const struct syn_readings_origin origin = {.target = target,
                                               .observed = options->today};
    if (options->save_path == NULL) {
        return true;
    }
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    syn_readings_put(&text, &origin, seen->seen);
    bool is_saved = syn_book_write_page(options->save_path, &text);
    syn_buf_fini(&text);
    return is_saved;
}

int syn_calibrate_run(struct syn_arena *arena,
                      const struct syn_calibrate_options *options,
                      const struct syn_runner_options *runner,
                      struct syn_book_end *end)
{
    struct syn_calibration *seen = syn_arena_alloc(arena, sizeof *seen);
    struct syn_book book = {.arena = arena, .is_told = true};
    int64_t began_us = syn_monotonic_us();
    if (seen == NULL) {
        end->harness_fault = syn_status_text(SYN_ERR_MEMORY);
        return syn_book_close(&book, runner, end);
    }
    syn_calibrate_observe(arena, options, seen);
    end->unreachable = seen->unreachable;
    end->harness_fault = seen->harness_fault;
    end->leftovers = seen->end.is_unclean
                         ? "services of this calibration are left at the target"
                         : NULL;
    end->distress = seen->end.distress;
    end->sent = seen->end.sent;
    end->signal_number = seen->is_stopped ? (int)*options->stop : 0;
    if (seen->unreachable == NULL && seen->harness_fault == NULL) {
        print_table(seen);
        add_results(&book, seen);
        if (!seen->is_stopped && !save(options, end->target, seen)) {
            end->harness_fault = "the readings could not be saved";
        }
    }
    end->elapsed_us = syn_monotonic_us() - began_us;
    return syn_book_close(&book, runner, end);
}
