/*
 * stage.c - what a stage offers, and why a row cannot run there.
 * Layer: runner. Threads: immutable once prepared.
 *
 * A row is skipped only for what the target file or the mode lacks, never
 * because a valid request was refused: that is for the row's control to find.
 */
#include "runner/stage.h"

#include "runner/hook.h"
#include "runner/select.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <stdio.h>
#include <string.h>

/* Needs in the order in which they are reported. */
static const struct {
    enum syn_need need;
    const char *lack; /* of a target, in words; the embedded service has all */
} lacks[] = {
    {SYN_NEED_INTERNALS, "needs the inside of the service: embedded only"},
    {SYN_NEED_ADMIN, "the target file has no REST credentials"},
    {SYN_NEED_MINT,
     "the target file has neither a key that signs tokens nor tokens"},
    {SYN_NEED_VIRTUAL, "the target has no clock that we may move"},
    {SYN_NEED_TTL, "the target does not honour TTLs"},
    {SYN_NEED_OWN_SERVICE,
     "the target file names a service; the row needs one of its own"},
    {SYN_NEED_SECOND_SERVICE, "the target file has no second service"},
    {SYN_NEED_SECOND_ACCOUNT, "the target file has no second account"},
    {SYN_NEED_WEBHOOK, "the target file has no webhook sink"},
    {SYN_NEED_LIMITS, "limits are tested embedded only"},
    {SYN_NEED_TLS, "the target has no TLS"},
    {SYN_NEED_KEYS, "the target file has no restricted and deleted key"},
    {SYN_NEED_ISSUER, "the target file has no token endpoint with users"},
    {SYN_NEED_RECEIVER,
     "the target file has no webhook receiver, or no auth token to sign with"},
};

void syn_stage_init_embedded(struct syn_stage *stage)
{
    *stage = (struct syn_stage){.is_virtual = true};
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        stage->offers |= (unsigned)lacks[i].need;
    }
}

void syn_stage_init_target(struct syn_stage *stage,
                           const struct syn_target *target, const char *run)
{
    *stage = (struct syn_stage){.target = target,
                                .is_virtual = target->has_virtual_clock,
                                .owns_services =
                                    target->account.service_sid == NULL &&
                                    target->token_count == 0 &&
                                    syn_target_password(target) != NULL &&
                                    target->mode != SYN_MODE_READONLY};
    const struct {
        enum syn_need need;
        bool is_offered;
    } offers[] = {
        {SYN_NEED_ADMIN, syn_target_password(target) != NULL},
        {SYN_NEED_MINT,
         target->account.api_key != NULL || target->token_count > 0},
        {SYN_NEED_VIRTUAL,
         target->has_virtual_clock && target->mode != SYN_MODE_READONLY},
        {SYN_NEED_TTL, true},
        {SYN_NEED_OWN_SERVICE, stage->owns_services},
        {SYN_NEED_SECOND_SERVICE,
         stage->owns_services || target->second_service_sid != NULL},
        {SYN_NEED_SECOND_ACCOUNT, target->has_second_account},
        {SYN_NEED_WEBHOOK, syn_hook_can_listen(target)},
        {SYN_NEED_TLS,
         strncmp(target->rest_url, "https://", sizeof "https://" - 1) == 0},
        {SYN_NEED_KEYS,
         target->restricted.api_key != NULL && target->deleted.api_key != NULL},
        {SYN_NEED_ISSUER,
         target->has_endpoint && target->endpoint.user_count > 0},
        {SYN_NEED_RECEIVER, target->webhook_receiver != NULL &&
                                target->account.auth_token != NULL},
    };
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        stage->offers |= offers[i].is_offered ? offers[i].need : 0u;
    }
    (void)snprintf(stage->run, sizeof stage->run, "%s", run);
}

static const char *mode_lack(const struct syn_stage *stage,
                             const struct syn_scenario *row)
{
    static const char *const reasons[] = {
        [SYN_SAFE_READONLY] = NULL,
        [SYN_SAFE_NAMESPACED] = "the target is in mode readonly",
        [SYN_SAFE_DISRUPTIVE] = "the target is not in mode disruptive",
        [SYN_SAFE_EMBEDDED] = "runs on the embedded service only",
    };
    static const enum syn_safety most[] = {
        [SYN_MODE_READONLY] = SYN_SAFE_READONLY,
        [SYN_MODE_NAMESPACED] = SYN_SAFE_NAMESPACED,
        [SYN_MODE_DISRUPTIVE] = SYN_SAFE_DISRUPTIVE,
    };
    return row->safety > most[stage->target->mode] ? reasons[row->safety]
                                                   : NULL;
}

/* Rows about issuer, receiver or set-up take a service with ACLs on or off. */
static bool needs_service(const struct syn_scenario *row)
{
    return row->subject == SYN_SUBJECT_SERVICE ||
           row->subject == SYN_SUBJECT_CLIENT;
}

/* Rows that present what was forged or stolen, or speak raw bytes. */
static bool is_attack(const struct syn_scenario *row)
{
    static const char *const chapters[] = {"tok/forged/", "tok/stolen/",
                                           "tok/keys/", "tok/bounds/"};
    for (size_t i = 0; i < sizeof chapters / sizeof chapters[0]; i++) {
        if (strncmp(row->id, chapters[i], strlen(chapters[i])) == 0) {
            return true;
        }
    }
    return row->safety == SYN_SAFE_DISRUPTIVE ||
           syn_select_has_word(row->tags, "raw");
}

static bool is_about_acl(const struct syn_scenario *row)
{
    return strncmp(row->id, "acl/", sizeof "acl/" - 1) == 0;
}

const char *syn_stage_lack(const struct syn_stage *stage,
                           const struct syn_scenario *row)
{
    bool is_remote = stage->target != NULL;
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        if ((row->needs & lacks[i].need & ~stage->offers) != 0) {
            return lacks[i].lack;
        }
    }
    if (!is_remote) {
        return NULL;
    }
    const char *lack = mode_lack(stage, row);
    if (lack != NULL) {
        return lack;
    }
    if (is_attack(row) && !syn_stage_is_ours(stage) &&
        stage->target->authorisation_reference == NULL) {
        return "an attack on a service that is not ours needs authorisation";
    }
    if (row->is_in_real_time && stage->is_virtual) {
        return "waits for peers in real time, and the target's clock stands";
    }
    if (row->subject == SYN_SUBJECT_AUDIT && stage->owns_services) {
        return "the target file names no service whose set-up could be judged";
    }
    if (is_about_acl(row) && (stage->offers & SYN_NEED_ADMIN) == 0) {
        return "without REST credentials nobody says whether ACLs are on";
    }
    if (needs_service(row) && !stage->owns_services && stage->acl_is_known &&
        row->acl_on != stage->acl_is_on) {
        return row->acl_on ? "the service of the target file has ACLs off"
                           : "the service of the target file has ACLs on";
    }
    return NULL;
}

struct syn_guard syn_stage_guard(const struct syn_stage *stage)
{
    struct syn_guard guard = {.mode = stage->target->mode,
                              .run = stage->run,
                              .purse = stage->purse,
                              .manifest = stage->manifest,
                              .service = syn_str_of(stage->service_on),
                              .target = stage->target};
    if (stage->owns_services) {
        syn_guard_own(&guard, syn_str_of(stage->service_on));
        syn_guard_own(&guard, syn_str_of(stage->service_off));
    }
    return guard;
}

int64_t syn_stage_ttl_s(const struct syn_stage *stage)
{
    int64_t ttl_s = stage->target->budget.seconds + SYN_DEAD_MAN_S;
    /* Where rows let days pass in a moment the longest must do. */
    return stage->is_virtual || ttl_s > SYN_TTL_S_MAX ? SYN_TTL_S_MAX : ttl_s;
}

bool syn_stage_is_ours(const struct syn_stage *stage)
{
    return stage->owns_services || syn_guard_is_near(stage->target);
}

static void put_types(struct syn_buf *out, unsigned types)
{
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        if ((types & SYN_TYPE_BIT((enum syn_type)i)) != 0) {
            syn_buf_printf(out, " %s", syn_type_name((enum syn_type)i));
        }
    }
}

static void put_offers(const struct syn_stage *stage, struct syn_buf *out)
{
    const struct {
        enum syn_need need;
        const char *name;
    } names[] = {{SYN_NEED_ADMIN, "rest"},
                 {SYN_NEED_MINT,
                  stage->target->token_count > 0 ? "given-tokens" : "mint"},
                 {SYN_NEED_TTL, "ttl"},
                 {SYN_NEED_OWN_SERVICE, "own-service"},
                 {SYN_NEED_SECOND_SERVICE, "second-service"},
                 {SYN_NEED_SECOND_ACCOUNT, "second-account"},
                 {SYN_NEED_WEBHOOK, "webhook"},
                 {SYN_NEED_TLS, "tls"},
                 {SYN_NEED_KEYS, "keys"},
                 {SYN_NEED_ISSUER, "issuer"},
                 {SYN_NEED_RECEIVER, "receiver"},
                 {SYN_NEED_VIRTUAL, "clock"}};
    syn_buf_put_text(out, "can:");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((stage->offers & names[i].need) != 0) {
            syn_buf_printf(out, " %s", names[i].name);
        }
    }
    syn_buf_put_byte(out, '\n');
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        if ((stage->offers & lacks[i].need) == 0) {
            syn_buf_printf(out, "cannot: %s\n", lacks[i].lack);
        }
    }
}

void syn_stage_describe(const struct syn_stage *stage, struct syn_buf *out)
{
    static const char *const modes[] = {[SYN_MODE_READONLY] = "readonly",
                                        [SYN_MODE_NAMESPACED] = "namespaced",
                                        [SYN_MODE_DISRUPTIVE] = "disruptive"};
    syn_buf_printf(out, "target: mode %s, run %s, %s\n",
                   modes[stage->target->mode], stage->run,
                   stage->owns_services
                       ? "services made for this run"
                       : "the service that the target file names");
    put_offers(stage, out);
    syn_buf_put_text(out, "types:");
    put_types(out, stage->types);
    if (stage->types_absent != 0) {
        syn_buf_put_text(out, "; not found:");
        put_types(out, stage->types_absent);
    }
    syn_buf_put_byte(out, '\n');
    if (stage->has_skew) {
        syn_buf_printf(out, "clock: %+lld s from ours\n",
                       (long long)stage->skew_s);
    }
    if (stage->manifest != NULL) {
        syn_buf_printf(out, "dead man's TTL: %lld s, %s; removal %s\n",
                       (long long)syn_stage_ttl_s(stage),
                       stage->hears_ttl ? "heard" : "not seen to be heard",
                       stage->can_remove ? "works" : "not seen to work");
        syn_buf_printf(out, "manifest: %s\n",
                       syn_manifest_path(stage->manifest));
    }
}

const char *syn_stage_name(const struct syn_stage *stage)
{
    return stage->target == NULL ? "embedded" : stage->target->name;
}
