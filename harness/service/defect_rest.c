/*
 * defect_rest.c - what belongs to the backend, given away or lost.
 */
#include "service/defect_impl.h"
#include "service/live_request.h"
#include "service/shape.h"

#include "net/http.h"

#include <string.h>

/* --- the backend's requests on the SDK plane ------------------------------ */

static void refuse_as_always(struct syn_call *call)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    sound.answer_forbidden(NULL, call);
}

/* Where the path names the type: "/v3/Documents", "/v3/Services/{S}/…". */
static size_t kind_at(const struct syn_call *call)
{
    const size_t behind_service = 3;
    return syn_str_is(call->segments[1], "Services") ? behind_service : 1;
}

static unsigned rights_of(struct syn_call *call)
{
    const struct syn_json *body = NULL;
    if (syn_json_parse(call->arena, call->body, NULL, &body, NULL) != SYN_OK) {
        return SYN_RIGHTS_NONE;
    }
    const bool reads = syn_json_bool(syn_json_member(body, "read"), false);
    const bool writes = syn_json_bool(syn_json_member(body, "write"), false);
    const bool manages = syn_json_bool(syn_json_member(body, "manage"), false);
    return (reads ? SYN_RIGHT_READ : 0) | (writes ? SYN_RIGHT_WRITE : 0) |
           (manages ? SYN_RIGHT_MANAGE : 0);
}

/* Step as the backend would. */
static bool step_as_backend(struct syn_call *call,
                            const struct syn_command *command)
{
    const struct syn_actor actor = {.plane = SYN_PLANE_REST,
                                    .account = call->session->account,
                                    .identity = SYN_STR("system")};
    if (syn_service_step(call->service, &actor, command, call->arena,
                         &call->outcome) != SYN_OK) {
        syn_call_refuse(call, SYN_CODE_20500);
        return false;
    }
    if (call->outcome.code != SYN_CODE_NONE) {
        syn_call_refuse(call, call->outcome.code);
        return false;
    }
    return true;
}

static void serve_grants(void *ctx, struct syn_call *call)
{
    (void)ctx;
    const size_t identity_at = kind_at(call) + 3;
    if (call->segment_count != identity_at + 1) {
        refuse_as_always(call);
        return;
    }
    const bool is_post = syn_str_is(call->method, "POST");
    const struct syn_command command = {
        .verb = is_post ? SYN_VERB_GRANT_SET : SYN_VERB_GRANT_FETCH,
        .type = call->type,
        .service = syn_str_of(call->row->sid),
        .id = call->segments[identity_at - 2],
        .identity = call->segments[identity_at],
        .rights = is_post ? rights_of(call) : SYN_RIGHTS_NONE};
    if (step_as_backend(call, &command)) {
        struct syn_json_writer w;
        const struct syn_shape shape = {.w = &w,
                                        .arena = call->arena,
                                        .base = syn_call_base(call->session)};
        syn_json_writer_init(&w, &call->reply);
        syn_shape_grant(&shape, call->outcome.grant);
    }
}

static void plant_sdk_grants(struct syn_seams *seams)
{
    seams->answer_forbidden = serve_grants;
}

static void serve_listings(void *ctx, struct syn_call *call)
{
    (void)ctx;
    if (call->segment_count != kind_at(call) + 1) {
        refuse_as_always(call);
        return;
    }
    const struct syn_command command = {.verb = SYN_VERB_OBJECT_LIST,
                                        .type = call->type,
                                        .service = syn_str_of(call->row->sid)};
    if (!step_as_backend(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->reply);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "objects");
    for (size_t i = 0; i < call->outcome.count; i++) {
        syn_live_write_root(&w, call->arena, syn_call_base(call->session),
                            call->outcome.objects[i], SYN_LIVE_BARE);
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
}

static void plant_sdk_lists(struct syn_seams *seams)
{
    seams->answer_forbidden = serve_listings;
}

/* --- credentials and paths ------------------------------------------------ */

static bool is_good_token(struct syn_service *service, struct syn_str text)
{
    struct syn_verify_env env;
    struct syn_token_facts facts;
    syn_keyring_env(service, &env);
    return syn_token_verify(&env, &service->scratch, text, &facts, NULL) ==
           SYN_CODE_NONE;
}

static bool admit_tokens(void *ctx, struct syn_str user,
                         struct syn_str password, bool is_known_pair)
{
    struct syn_service *service = ctx;
    return is_known_pair || is_good_token(service, user) ||
           is_good_token(service, password);
}

static void plant_token_admitted(struct syn_seams *seams)
{
    seams->admit_rest = admit_tokens;
}

static struct syn_str decode_again(void *ctx, struct syn_arena *arena,
                                   struct syn_str segment)
{
    (void)ctx;
    struct syn_str again = {NULL, 0};
    return syn_http_decode(arena, segment, false, &again) == SYN_OK ? again
                                                                    : segment;
}

static void plant_decoded_twice(struct syn_seams *seams)
{
    seams->read_identity = decode_again;
}

static bool begin_with_last(void *ctx, const struct syn_page *page)
{
    (void)ctx;
    (void)page;
    return false;
}

static void plant_page_repeats(struct syn_seams *seams)
{
    seams->rules.begins_after = begin_with_last;
}

static const struct syn_defect rows[] = {
    {"permissions-on-sdk-plane",
     "A client reads and writes permissions with its token", "ACL-28",
     plant_sdk_grants},
    {"sdk-lists-objects", "A client lists the objects of its service", "ACL-69",
     plant_sdk_lists},
    {"token-as-rest-credential", "An access token opens the REST plane",
     "TOK-42", plant_token_admitted},
    {"identity-decoded-twice", "An identity in a path is decoded twice",
     "ACL-57", plant_decoded_twice},
    {"second-page-repeats",
     "A page begins with the last row of the page before", "ACL-68",
     plant_page_repeats},
};
SYN_DEFECT_TABLE(syn_defects_rest, rows);
