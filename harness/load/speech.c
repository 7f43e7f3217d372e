/*
 * speech.c - Twilsock frames of an SDK session, written straight.
 * Source: sdk-protocol.md sections 3 to 9.
 *
 * Frames have the members of the recorded transcripts. Nothing that goes into
 * them needs escaping: ids, sids and identities are ours or were checked.
 */
#include "load/engine.h"

#include "load/scan.h"
#include "load/ws.h"

#include <inttypes.h>
#include <string.h>

#define HOST "cds.us1.twilio.com"
#define CLIENT_INFO                                                       \
    "{\\\"sdk\\\":\\\"js\\\",\\\"sdkVer\\\":\\\"4.0.1\\\",\\\"os\\\":"    \
    "\\\"linux\\\",\\\"osVer\\\":\\\"6\\\",\\\"pl\\\":\\\"syncproof\\\"," \
    "\\\"plVer\\\":\\\"1\\\"}"

/* --- ids ------------------------------------------------------------------ */

#define ID_BYTES  38 /* TM and a UUID with dashes */
#define AT_NUMBER 2
#define AT_ASK    11
#define AT_TURN   16
#define AT_VALUE  26

static void put_hex(char *at, uint64_t value, unsigned digits)
{
    static const char hex[] = "0123456789abcdef";
    for (unsigned i = digits; i > 0; i--) {
        at[i - 1] = hex[value & 15];
        value >>= 4;
    }
}

static bool take_hex(const char *at, unsigned digits, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < digits; i++) {
        const char c = at[i];
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f')) {
            return false;
        }
        value = value << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *out = value;
    return true;
}

/* TMnnnnnnnn-aaaa-gggg-8000-vvvvvvvvvvvv: number, ask, generation, value. */
static struct syn_str make_id(char id[ID_BYTES + 1],
                              const struct syn_load_session *session,
                              enum syn_load_ask ask, uint64_t value)
{
    memcpy(id, "TM00000000-0000-0000-8000-000000000000", ID_BYTES + 1);
    put_hex(id + AT_NUMBER, session->number, 8);
    put_hex(id + AT_ASK, ask, 4);
    put_hex(id + AT_TURN, session->generation, 4);
    put_hex(id + AT_VALUE, value, 12);
    return (struct syn_str){id, ID_BYTES};
}

bool syn_load_id_read(const struct syn_load_session *session, struct syn_str id,
                      enum syn_load_ask *ask, uint64_t *value)
{
    uint64_t number = 0;
    uint64_t kind = 0;
    uint64_t turn = 0;
    if (id.bytes != ID_BYTES || id.at[0] != 'T' || id.at[1] != 'M' ||
        !take_hex(id.at + AT_NUMBER, 8, &number) ||
        !take_hex(id.at + AT_ASK, 4, &kind) ||
        !take_hex(id.at + AT_TURN, 4, &turn) ||
        !take_hex(id.at + AT_VALUE, 12, value)) {
        return false;
    }
    *ask = (enum syn_load_ask)kind;
    return number == session->number && kind < SYN_LOAD_ASK_COUNT &&
           turn == (session->generation & 0xffff);
}

/* --- frames --------------------------------------------------------------- */

static void put_text(struct syn_buf *out, const char *text)
{
    syn_buf_put_text(out, text);
}

/* Header and payload become one masked message. */
static void put_frame(struct syn_load_env *env, struct syn_str payload)
{
    syn_buf_clear(&env->frame);
    put_text(&env->frame, "TWILSOCK V3.0 ");
    syn_buf_put_u64(&env->frame, env->header.bytes);
    put_text(&env->frame, "\r\n");
    syn_buf_put(&env->frame, syn_buf_str(&env->header));
    put_text(&env->frame, "\r\n");
    syn_buf_put(&env->frame, payload);
    syn_load_ws_put(&env->out, (uint32_t)syn_rng_next(&env->rng), SYN_WS_BINARY,
                    syn_buf_str(&env->frame));
    syn_load_count(env->result, SYN_LOAD_BYTES_OUT, env->frame.bytes);
}

static struct syn_buf *begin(struct syn_load_env *env, const char *method,
                             struct syn_str id)
{
    struct syn_buf *out = &env->header;
    syn_buf_clear(out);
    put_text(out, "{\"id\":\"");
    syn_buf_put(out, id);
    put_text(out, "\",\"method\":\"");
    put_text(out, method);
    put_text(out, "\"");
    return out;
}

static const struct syn_str nothing = {NULL, 0};

static void end_bare(struct syn_load_env *env)
{
    put_text(&env->header, ",\"payload_size\":0}");
    put_frame(env, nothing);
}

static bool put_token(struct syn_load_env *env,
                      const struct syn_load_session *session, int64_t end_s)
{
    put_text(&env->header, ",\"token\":\"");
    if (env->given.at != NULL) {
        syn_buf_put(&env->header, env->given);
        put_text(&env->header, "\"");
        return true;
    }
    const bool is_minted =
        env->mint(env->mint_ctx, session, end_s, &env->header);
    put_text(&env->header, "\"");
    return is_minted;
}

bool syn_load_say_init(struct syn_load_env *env,
                       struct syn_load_session *session)
{
    char id[ID_BYTES + 1];
    struct syn_buf *out =
        begin(env, "init", make_id(id, session, SYN_LOAD_ASK_INIT, 0));
    if (!put_token(env, session, session->token_end_s)) {
        return false;
    }
    env->asks++;
    put_text(out, ",\"continuation_token\":");
    if (session->continuation == NULL) {
        put_text(out, "null");
    } else {
        put_text(out, "\"");
        put_text(out, session->continuation);
        put_text(out, "\"");
    }
    put_text(out,
             ",\"metadata\":{\"ver\":\"1.0.2\",\"env\":\"syncproof\",\"type\":"
             "\"sync\",\"sdk\":\"JS\",\"sdkv\":\"4.0.1\"},\"registrations\":[{"
             "\"product\":\"data_sync\",\"type\":\"ers\","
             "\"notification_protocol_version\":0,\"message_types\":["
             "\"twilio.sync.event\",\"com.twilio.rtd.cds.document\","
             "\"com.twilio.rtd.cds.list\",\"com.twilio.rtd.cds.map\"]}],"
             "\"tweaks\":null,\"capabilities\":[\"client_update\","
             "\"offline_storage\",\"telemetry.v1\"]");
    end_bare(env);
    return true;
}

bool syn_load_say_update(struct syn_load_env *env,
                         struct syn_load_session *session, int64_t end_s)
{
    char id[ID_BYTES + 1];
    (void)begin(env, "update", make_id(id, session, SYN_LOAD_ASK_UPDATE, 0));
    if (!put_token(env, session, end_s)) {
        return false;
    }
    env->asks++;
    end_bare(env);
    return true;
}

void syn_load_say_reply(struct syn_load_env *env, struct syn_str id)
{
    (void)begin(env, "reply", id);
    put_text(&env->header, ",\"payload_type\":\"application/json\","
                           "\"status\":{\"code\":200,\"status\":\"OK\"}");
    end_bare(env);
}

void syn_load_say_close(struct syn_load_env *env,
                        struct syn_load_session *session)
{
    char id[ID_BYTES + 1];
    (void)begin(env, "close",
                make_id(id, session, SYN_LOAD_ASK_FENCE, UINT32_MAX));
    end_bare(env);
}

/* --- tunnelled requests --------------------------------------------------- */

/* One request: what it is and where it goes; the payload is in env->payload. */
struct request {
    enum syn_load_ask ask;
    uint64_t value;
    const char *method;
};

/* Everything up to the path, which the caller writes. */
static struct syn_buf *begin_request(struct syn_load_env *env,
                                     const struct syn_load_session *session,
                                     const struct request *request)
{
    char id[ID_BYTES + 1];
    env->asks++;
    env->writes += request->ask == SYN_LOAD_ASK_CREATE ||
                   request->ask == SYN_LOAD_ASK_WRITE;
    struct syn_buf *out = begin(
        env, "message", make_id(id, session, request->ask, request->value));
    put_text(out, ",\"active_grant\":\"data_sync\","
                  "\"payload_type\":\"application/json\","
                  "\"http_request\":{\"host\":\"" HOST "\",\"method\":\"");
    put_text(out, request->method);
    put_text(out, "\",\"path\":\"");
    return out;
}

static void end_request(struct syn_load_env *env)
{
    char hex[33];
    struct syn_buf *out = &env->header;
    syn_rng_hex(&env->rng, hex, 32);
    put_text(out, "\",\"params\":{},\"headers\":{\"Content-Type\":"
                  "\"application/json\",\"Twilio-Sync-Client-Info\":"
                  "\"" CLIENT_INFO "\",\"Twilio-Request-Id\":\"RQ");
    put_text(out, hex);
    put_text(out, "\"}},\"payload_size\":");
    syn_buf_put_u64(out, env->payload.bytes);
    put_text(out, "}");
    put_frame(env, syn_buf_str(&env->payload));
    syn_buf_clear(&env->payload);
}

static const char *const collections[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "Documents",
    [SYN_TYPE_LIST] = "Lists",
    [SYN_TYPE_MAP] = "Maps",
    [SYN_TYPE_STREAM] = "Streams"};

static void put_path(struct syn_buf *out, const struct syn_load_env *env,
                     enum syn_type type, const char *sid)
{
    put_text(out, "/v3/Services/");
    put_text(out, env->service_sid);
    put_text(out, "/");
    put_text(out, collections[type]);
    put_text(out, "/");
    put_text(out, sid);
}

void syn_load_say_get(struct syn_load_env *env,
                      struct syn_load_session *session, enum syn_load_ask ask,
                      unsigned sub_index)
{
    const struct syn_load_sub *sub = &session->subs[sub_index];
    const struct request request = {ask, sub_index, "GET"};
    syn_buf_clear(&env->payload);
    struct syn_buf *out = begin_request(env, session, &request);
    put_path(out, env, syn_load_sub_type(env, sub), syn_load_sub_sid(env, sub));
    end_request(env);
}

void syn_load_say_create(struct syn_load_env *env,
                         struct syn_load_session *session,
                         const struct syn_load_object *object)
{
    const struct request request = {SYN_LOAD_ASK_CREATE, object->number,
                                    "POST"};
    syn_buf_clear(&env->payload);
    if (env->object_ttl_s > 0) {
        syn_buf_printf(&env->payload, "{\"ttl\":%lld}",
                       (long long)env->object_ttl_s);
    } else {
        syn_buf_put_text(&env->payload, "{}");
    }
    struct syn_buf *out = begin_request(env, session, &request);
    put_text(out, "/v3/");
    put_text(out, collections[object->type]);
    end_request(env);
}

void syn_load_say_write(struct syn_load_env *env,
                        struct syn_load_session *session,
                        const struct syn_load_object *object, int64_t due_us)
{
    const uint32_t ordinal = object->sent;
    const uint32_t item = (ordinal - 1) % SYN_LOAD_ITEMS;
    const bool is_first = ordinal <= SYN_LOAD_ITEMS;
    const struct request request = {SYN_LOAD_ASK_WRITE, ordinal,
                                    object->type == SYN_TYPE_MAP ? "PUT"
                                                                 : "POST"};
    syn_buf_clear(&env->payload);
    put_text(&env->payload, "{\"data\":");
    syn_load_put_data(env, &env->payload, object, ordinal, due_us);
    put_text(&env->payload, "}");
    struct syn_buf *out = begin_request(env, session, &request);
    put_path(out, env, (enum syn_type)object->type, object->sid);
    if (object->type == SYN_TYPE_MAP) {
        syn_buf_printf(out, "/Items/k%u", (unsigned)item);
    } else if (object->type == SYN_TYPE_LIST) {
        put_text(out, "/Items");
        if (!is_first) {
            syn_buf_printf(out, "/%u", (unsigned)item);
        }
    }
    end_request(env);
}

/* --- subscriptions -------------------------------------------------------- */

static void begin_batch(struct syn_load_env *env,
                        struct syn_load_session *session, const char *action)
{
    session->correlation++;
    syn_buf_clear(&env->payload);
    syn_buf_printf(&env->payload,
                   "{\"event_protocol_version\":4,\"action\":\"%s\","
                   "\"correlation_id\":%" PRId64
                   ",\"retried_requests\":0,\"ttl_in_s\":-1,\"requests\":[",
                   action, session->correlation);
}

static void end_batch(struct syn_load_env *env,
                      const struct syn_load_session *session,
                      enum syn_load_ask ask, uint64_t value)
{
    const struct request request = {ask, value, "POST"};
    put_text(&env->payload, "]}");
    put_text(begin_request(env, session, &request), "/v4/Subscriptions");
    end_request(env);
}

/* The event id that goes with an ordinal; streams have none. */
static void put_last_event(struct syn_buf *out, enum syn_type type,
                           uint32_t ordinal)
{
    put_text(out, ",\"last_event_id\":");
    if (type == SYN_TYPE_STREAM) {
        put_text(out, "null");
    } else {
        syn_buf_put_i64(out,
                        (int64_t)ordinal - (type == SYN_TYPE_DOCUMENT ? 0 : 1));
    }
}

/* Where a replay begins. */
enum since { SINCE_NOTHING, SINCE_NOW, SINCE_LAST };

static void put_wish(struct syn_load_env *env, const struct syn_load_sub *sub,
                     enum since since)
{
    struct syn_buf *out = &env->payload;
    const enum syn_type type = syn_load_sub_type(env, sub);
    if (out->at[out->bytes - 1] == '}') {
        put_text(out, ",");
    }
    put_text(out, "{\"object_sid\":\"");
    put_text(out, syn_load_sub_sid(env, sub));
    put_text(out, "\",\"object_type\":\"");
    put_text(out, syn_type_name(type));
    put_text(out, "\"");
    if (since == SINCE_LAST) {
        put_last_event(out, type, sub->watch.last);
    } else if (since == SINCE_NOW) {
        put_text(out, ",\"last_event_id\":null");
    }
    put_text(out, "}");
}

void syn_load_say_establish(struct syn_load_env *env,
                            struct syn_load_session *session)
{
    begin_batch(env, session, "establish");
    unsigned count = 0;
    for (unsigned i = 0; i < session->sub_count; i++) {
        struct syn_load_sub *sub = &session->subs[i];
        if (sub->state == SYN_LOAD_SUB_KNOWN) {
            put_wish(env, sub, SINCE_LAST);
            sub->state = SYN_LOAD_SUB_ASKED;
            sub->watch.is_quiet = false;
            sub->asked_epoch = sub->epoch;
            count++;
        }
    }
    if (count > 0) {
        end_batch(env, session, SYN_LOAD_ASK_ESTABLISH, 0);
    }
}

void syn_load_say_repeat(struct syn_load_env *env,
                         struct syn_load_session *session, unsigned sub_index)
{
    begin_batch(env, session, "establish");
    put_wish(env, &session->subs[sub_index], SINCE_NOW);
    end_batch(env, session, SYN_LOAD_ASK_ESTABLISH, 0);
}

void syn_load_say_cancel(struct syn_load_env *env,
                         struct syn_load_session *session, unsigned sub_index)
{
    struct syn_load_sub *sub = &session->subs[sub_index];
    begin_batch(env, session, "cancel");
    put_wish(env, sub, SINCE_NOTHING);
    sub->state = SYN_LOAD_SUB_CANCELING;
    end_batch(env, session, SYN_LOAD_ASK_CANCEL, sub_index);
}

/* --- data ----------------------------------------------------------------- */

void syn_load_put_data(const struct syn_load_env *env, struct syn_buf *out,
                       const struct syn_load_object *object, uint32_t ordinal,
                       int64_t due_us)
{
    put_text(out, "{\"n\":");
    syn_buf_put_u64(out, ordinal);
    put_text(out, ",\"t\":");
    syn_buf_put_i64(out, due_us);
    put_text(out, ",\"o\":");
    syn_buf_put_u64(out, object->number);
    put_text(out, ",\"p\":\"");
    syn_buf_put(out, (struct syn_str){env->padding, env->padding_bytes});
    put_text(out, "\"}");
}

void syn_load_read_data(struct syn_str data, struct syn_load_heard *heard)
{
    static const struct syn_str names[] = {{"n", 1}, {"t", 1}, {"o", 1}};
    struct syn_str found[3];
    if (!syn_load_scan(data, names, 3, found)) {
        return;
    }
    const int64_t ordinal = syn_load_scan_number(found[0], 0);
    const int64_t object = syn_load_scan_number(found[2], UINT32_MAX);
    heard->content =
        ordinal > 0 && ordinal < UINT32_MAX ? (uint32_t)ordinal : 0;
    heard->due_us = syn_load_scan_number(found[1], 0);
    heard->object_number =
        object >= 0 && object < UINT32_MAX ? (uint32_t)object : UINT32_MAX;
}
