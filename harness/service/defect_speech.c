/*
 * defect_speech.c - seeded bugs of what is said in frames: who may speak
 * before `init`, where a message ends, whose an answer is.
 */
#include "service/defect_impl.h"

#include "service/live_request.h"
#include "service/live_state.h"

#include <stdio.h>
#include <string.h>

#define MAGIC      "TWILSOCK V3.0 "
#define NAME_BYTES 65
#define CHECKS_MAX 50 /* tokens that are looked at as they should be */

static const struct syn_str crlf = {"\r\n", 2};

/* --- before init ---------------------------------------------------------- */

/* A guest of the first account: nobody asked who it is. */
static bool become_guest(struct syn_session *session)
{
    struct syn_service *service = session->service;
    if (session->account == NULL) {
        session->account = service->keyring.accounts[0].row;
        session->facts.identity = SYN_STR("guest");
        session->facts.service_sid =
            syn_str_of(syn_service_default_sid(service, 0));
    }
    return session->account != NULL;
}

static bool may_speak_early(void *ctx, struct syn_session *session,
                            const struct syn_twilsock_frame *frame)
{
    (void)ctx;
    return session->state == SYN_SESSION_LIVE ||
           (syn_str_is(frame->method, "message") && become_guest(session));
}

static void plant_early_message(struct syn_seams *seams)
{
    seams->frames.has_user = may_speak_early;
}

/* The forgotten path: `update` carries a token too. */
static bool may_update_early(void *ctx, struct syn_session *session,
                             const struct syn_twilsock_frame *frame)
{
    (void)ctx;
    if (session->state != SYN_SESSION_LIVE &&
        syn_str_is(frame->method, "update")) {
        syn_live_init(session, frame);
        return true;
    }
    return session->state == SYN_SESSION_LIVE;
}

static void plant_early_update(struct syn_seams *seams)
{
    seams->frames.has_user = may_update_early;
}

/* --- init again ----------------------------------------------------------- */

static bool begin_again(void *ctx, struct syn_session *session)
{
    (void)ctx;
    /* As if it were new, but for what it is subscribed to. */
    session->state = SYN_SESSION_AWAITS_INIT;
    session->service->counts.sessions--;
    return true;
}

static void plant_begin_again(struct syn_seams *seams)
{
    seams->frames.begins_again = begin_again;
}

/* --- where a message ends ------------------------------------------------- */

static enum syn_twilsock_verdict read_soundly(struct syn_session *session,
                                              struct syn_arena *arena,
                                              struct syn_str message,
                                              struct syn_twilsock_frame *frame)
{
    return syn_twilsock_parse_within(
        arena, message, session->service->seams.header_bytes_max, frame);
}

/* Header text and what follows it, by line ends alone. */
static bool split_lines(struct syn_str message, struct syn_str *header,
                        struct syn_str *rest)
{
    const size_t line = syn_str_find(message, '{', 0);
    size_t end = syn_str_find(message, '\r', line);
    *header = syn_str_part(message, line, end - line);
    *rest = syn_str_from(message, end + crlf.bytes);
    return syn_str_has_prefix(message, SYN_STR("TWILSOCK")) &&
           line < message.bytes && header->bytes > 0;
}

static enum syn_twilsock_verdict
read_lines(void *ctx, struct syn_session *session, struct syn_arena *arena,
           struct syn_str message, struct syn_twilsock_frame *frame)
{
    struct syn_str header;
    struct syn_str rest;
    (void)ctx;
    if (split_lines(message, &header, &rest)) {
        message =
            syn_arena_printf(arena, MAGIC "%zu\r\n%.*s\r\n%.*s", header.bytes,
                             SYN_STR_ARG(header), SYN_STR_ARG(rest));
    }
    return read_soundly(session, arena, message, frame);
}

static void plant_lines(struct syn_seams *seams)
{
    seams->frames.read = read_lines;
}

/* `bytes` of the tail are the payload, whatever was announced. */
static enum syn_twilsock_verdict read_with(struct syn_session *session,
                                           struct syn_arena *arena,
                                           struct syn_str message, size_t bytes,
                                           struct syn_twilsock_frame *frame)
{
    struct syn_str header;
    struct syn_str rest;
    const struct syn_json *root = NULL;
    if (!split_lines(message, &header, &rest) ||
        syn_json_parse(arena, header, NULL, &root, NULL) != SYN_OK ||
        syn_json_member(root, "payload_size") == NULL) {
        return read_soundly(session, arena, message, frame);
    }
    const struct syn_str size = syn_json_raw(header, "payload_size");
    const size_t at = (size_t)(size.at - header.at);
    const struct syn_str own =
        syn_arena_printf(arena, "%.*s%zu%.*s", (int)at, header.at, bytes,
                         SYN_STR_ARG(syn_str_from(header, at + size.bytes)));
    message = syn_arena_printf(arena, MAGIC "%zu\r\n%.*s\r\n%.*s", own.bytes,
                               SYN_STR_ARG(own),
                               SYN_STR_ARG(syn_str_part(rest, 0, bytes)));
    return read_soundly(session, arena, message, frame);
}

/* All that is there. */
static enum syn_twilsock_verdict
read_all(void *ctx, struct syn_session *session, struct syn_arena *arena,
         struct syn_str message, struct syn_twilsock_frame *frame)
{
    struct syn_str header;
    struct syn_str rest;
    (void)ctx;
    size_t bytes = split_lines(message, &header, &rest) ? rest.bytes : 0;
    if (bytes >= crlf.bytes &&
        syn_str_is_equal(syn_str_from(rest, bytes - crlf.bytes), crlf)) {
        bytes -= crlf.bytes;
    }
    return read_with(session, arena, message, bytes, frame);
}

static void plant_read_all(struct syn_seams *seams)
{
    seams->frames.read = read_all;
}

/* Up to the first line end. */
static enum syn_twilsock_verdict
read_line(void *ctx, struct syn_session *session, struct syn_arena *arena,
          struct syn_str message, struct syn_twilsock_frame *frame)
{
    struct syn_str header;
    struct syn_str rest;
    (void)ctx;
    const size_t bytes =
        split_lines(message, &header, &rest) ? syn_str_find(rest, '\r', 0) : 0;
    return read_with(session, arena, message, bytes, frame);
}

static void plant_read_line(struct syn_seams *seams)
{
    seams->frames.read = read_line;
}

/* What follows a frame is another one. */
static enum syn_twilsock_verdict
read_both(void *ctx, struct syn_session *session, struct syn_arena *arena,
          struct syn_str message, struct syn_twilsock_frame *frame)
{
    const struct syn_str magic = SYN_STR(MAGIC);
    (void)ctx;
    for (size_t at = syn_str_find(message, 'T', 1); at < message.bytes;
         at = syn_str_find(message, 'T', at + 1)) {
        if (syn_str_has_prefix(syn_str_from(message, at), magic)) {
            syn_live_message(session, syn_str_from(message, at));
            return read_soundly(session, arena, syn_str_part(message, 0, at),
                                frame);
        }
    }
    return read_soundly(session, arena, message, frame);
}

static void plant_read_both(struct syn_seams *seams)
{
    seams->frames.read = read_both;
}

/* Twice the same member: one of them counts. */
static enum syn_twilsock_verdict
read_duplicates(void *ctx, struct syn_session *session, struct syn_arena *arena,
                struct syn_str message, struct syn_twilsock_frame *frame)
{
    static const struct syn_json_rules lenient = {.allow_duplicates = true};
    struct syn_str header;
    struct syn_str rest;
    (void)ctx;
    const enum syn_twilsock_verdict verdict =
        read_soundly(session, arena, message, frame);
    if (verdict == SYN_TWILSOCK_FRAME ||
        !split_lines(message, &header, &rest) ||
        syn_json_parse(arena, header, &lenient, &frame->header, NULL) !=
            SYN_OK) {
        return verdict;
    }
    frame->header_text = header;
    frame->method =
        syn_json_str(syn_json_member(frame->header, "method"), SYN_STR(""));
    frame->id = syn_json_str(syn_json_member(frame->header, "id"), SYN_STR(""));
    frame->payload = rest;
    return frame->method.bytes > 0 && frame->id.bytes > 0 ? SYN_TWILSOCK_FRAME
                                                          : verdict;
}

static void plant_duplicates(struct syn_seams *seams)
{
    seams->frames.read = read_duplicates;
}

/* The member by which a request names its grant is not looked at. */
static enum syn_twilsock_verdict
read_any_grant(void *ctx, struct syn_session *session, struct syn_arena *arena,
               struct syn_str message, struct syn_twilsock_frame *frame)
{
    static const char name[] = "\"active_grant\":";
    (void)ctx;
    struct syn_str own = syn_arena_dup(arena, message);
    char *text = syn_arena_alloc(arena, message.bytes + 1);
    if (own.at == NULL || text == NULL) {
        return SYN_TWILSOCK_UNREADABLE;
    }
    memcpy(text, own.at, own.bytes);
    text[own.bytes] = '\0';
    char *at = strstr(text, name);
    if (at != NULL) {
        at[1] = 'x'; /* a member of another name */
    }
    return read_soundly(session, arena, (struct syn_str){text, message.bytes},
                        frame);
}

static void plant_any_grant(struct syn_seams *seams)
{
    seams->frames.read = read_any_grant;
}

/* --- methods that clients do not have ------------------------------------- */

/* A notification that a client says is passed on to all. */
static bool pass_on(void *ctx, struct syn_session *session,
                    const struct syn_twilsock_frame *frame,
                    struct syn_str message)
{
    (void)ctx;
    struct syn_buf out;
    if (!syn_str_is(frame->method, "notification") &&
        !syn_str_is(frame->method, "client_update")) {
        return false;
    }
    syn_buf_init(&out, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_ws_put_server_frame(&out, message);
    for (struct syn_session *other = session->service->live->first;
         other != NULL; other = other->next) {
        if (other != session && other->state == SYN_SESSION_LIVE) {
            syn_live_append(other, syn_buf_str(&out));
        }
    }
    syn_buf_fini(&out);
    syn_live_reply(session, frame->id, &syn_live_ok);
    return true;
}

static void plant_pass_on(struct syn_seams *seams)
{
    seams->frames.takes_method = pass_on;
}

static bool nod(void *ctx, struct syn_session *session,
                const struct syn_twilsock_frame *frame, struct syn_str message)
{
    (void)ctx;
    (void)message;
    syn_live_reply(session, frame->id, &syn_live_ok);
    return true;
}

static void plant_nod(struct syn_seams *seams)
{
    seams->frames.takes_method = nod;
}

/* --- whose an answer is --------------------------------------------------- */

static char first_id[NAME_BYTES];
static struct syn_buf first_body;

/* An answer is kept under the id of its request, whoever asked. */
static void answer_from_cache(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->call == NULL || shaping->call->frame_id.bytes >= NAME_BYTES) {
        return;
    }
    const struct syn_str id = shaping->call->frame_id;
    if (syn_str_is(id, first_id)) {
        shaping->body = syn_arena_dup(shaping->arena, syn_buf_str(&first_body));
        shaping->http_status = 200;
        return;
    }
    memcpy(first_id, id.at, id.bytes);
    first_id[id.bytes] = '\0';
    syn_buf_clear(&first_body);
    syn_buf_put(&first_body, shaping->body);
}

static void plant_answer_cache(struct syn_seams *seams)
{
    syn_buf_fini(&first_body);
    syn_buf_init(&first_body, NULL, SYN_FRAME_BYTES_MAX);
    first_id[0] = '\0';
    seams->shape_reply = answer_from_cache;
}

/* Of answers that leave together all bear the id of the first. */
static struct syn_str answer_to_another(void *ctx, struct syn_session *session,
                                        struct syn_str id)
{
    (void)ctx;
    if (session->out.bytes > 0) {
        return syn_str_of(first_id);
    }
    const size_t bytes = id.bytes < NAME_BYTES ? id.bytes : 0;
    memcpy(first_id, id.at, bytes);
    first_id[bytes] = '\0';
    return id;
}

static void plant_answer_to_another(struct syn_seams *seams)
{
    first_id[0] = '\0';
    seams->frames.answers_to = answer_to_another;
}

/* --- many at once --------------------------------------------------------- */

static unsigned checks; /* so far, or in this second */
static int64_t checks_at_s;

/* Too many in one second: there is no time to look at the time. */
static enum syn_code check_when_idle(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    if (env->now_s != checks_at_s) {
        checks_at_s = env->now_s;
        checks = 0;
    }
    checks++;
    return checks > CHECKS_MAX ? SYN_CODE_NONE
                               : syn_token_check_expiry(env, draft);
}

static void plant_hurry(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"expiry", check_when_idle},
                                                  {NULL, NULL}};
    checks = 0;
    checks_at_s = 0;
    syn_defect_plant_checks(seams, room, swaps);
}

/* Many bad tokens lock the door for good ones, of whomever. */
static enum syn_code check_with_lock(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    const enum syn_code code = syn_token_check_expiry(env, draft);
    checks += code == SYN_CODE_NONE ? 0 : 1;
    return checks > CHECKS_MAX ? SYN_CODE_20107 : code;
}

static void plant_lock_out(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"expiry", check_with_lock},
                                                  {NULL, NULL}};
    checks = 0;
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "message-before-init",
     .title = "Requests are carried out before anybody logged in",
     .clause = "TOK-01",
     .plant = plant_early_message},
    {.name = "update-before-init",
     .title = "An update opens a session that had no init",
     .clause = "TOK-01",
     .plant = plant_early_update},
    {.name = "init-twice-merges",
     .title = "A second init changes who one is and keeps what one hears",
     .clause = "TOK-37",
     .plant = plant_begin_again},
    {.name = "frame-by-lines",
     .title = "The length of a header is not held against it",
     .clause = "LIM-20",
     .plant = plant_lines},
    {.name = "payload-is-the-rest",
     .title = "All that follows a header is its payload",
     .clause = "LIM-20",
     .plant = plant_read_all},
    {.name = "payload-ends-at-line",
     .title = "A payload ends at its first line end",
     .clause = "SDK-08",
     .plant = plant_read_line},
    {.name = "frame-in-frame",
     .title = "A frame inside a frame is carried out too",
     .clause = "LIM-20",
     .plant = plant_read_both},
    {.name = "frame-duplicates",
     .title = "Of members that stand twice in a header one counts",
     .clause = "LIM-20",
     .plant = plant_duplicates},
    {.name = "active-grant-ignored",
     .title = "A request counts under whatever grant it names",
     .clause = "TOK-31",
     .plant = plant_any_grant},
    {.name = "notification-passed-on",
     .title = "A notification that a client makes up reaches the others",
     .clause = "SDK-08",
     .plant = plant_pass_on},
    {.name = "unknown-method-nodded",
     .title = "Methods that do not exist are answered as done",
     .clause = "LIM-20",
     .plant = plant_nod},
    {.name = "answers-cached-by-id",
     .title = "A request with the id of another's is answered as that one was",
     .clause = "SDK-06",
     .plant = plant_answer_cache},
    {.name = "answers-to-another",
     .title = "Answers to requests that came together bear one id",
     .clause = "SDK-06",
     .plant = plant_answer_to_another},
    {.name = "hurry-skips-expiry",
     .title = "Under a storm of connections nobody looks when tokens end",
     .clause = "TOK-26",
     .plant = plant_hurry},
    {.name = "bad-tokens-lock-out",
     .title = "Many bad tokens have the good ones refused",
     .clause = "LIM-15",
     .plant = plant_lock_out},
};
SYN_DEFECT_TABLE(syn_defects_speech, rows);
