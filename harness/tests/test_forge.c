/*
 * test_forge.c - each forgery meets its fate, and each check has a forgery.
 *
 * The kit is complete, so nothing is left out. The second half turns the proof
 * round: a verifier that misses one check, or reads it leniently, must let a
 * forgery in. A check that no forgery needs would be a check never tested.
 */
#include "auth/draft.h"
#include "auth/forge_recipe.h"
#include "auth/token.h"
#include "base/base64.h"
#include "base/crypto.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_forge(void);

#define ARENA_BYTES ((size_t)1 << 26)
#define NOW_S       1800000000
#define CHECKS_MAX  32

#define KEY        "SK00000000000000000000000000000001"
#define OTHER      "SK00000000000000000000000000000002"
#define RESTRICTED "SK00000000000000000000000000000003"
#define FOREIGN    "SK00000000000000000000000000000004"
#define ACCOUNT    "AC00000000000000000000000000000001"
#define STRANGER   "AC00000000000000000000000000000002"
#define SERVICE    "IS00000000000000000000000000000001"
#define SECOND     "IS00000000000000000000000000000002"

static struct syn_arena arena;

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, ARENA_BYTES);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

static struct syn_forge_kit make_kit(void)
{
    return (struct syn_forge_kit){
        .identity = SYN_STR("ann"),
        .victim = SYN_STR("zo\xc3\xab \"the victim\""),
        .key_sid = SYN_STR(KEY),
        .secret = SYN_STR("the secret of the key"),
        .account_sid = SYN_STR(ACCOUNT),
        .service_sid = SYN_STR(SERVICE),
        .auth_token = SYN_STR("the auth token of the account"),
        .other_key_sid = SYN_STR(OTHER),
        .other_secret = SYN_STR("the secret of the other key"),
        .other_service_sid = SYN_STR(SECOND),
        .foreign_key_sid = SYN_STR(FOREIGN),
        .foreign_secret = SYN_STR("the secret of the foreign key"),
        .foreign_account_sid = SYN_STR(STRANGER),
        .restricted_key_sid = SYN_STR(RESTRICTED),
        .restricted_secret = SYN_STR("the secret of the restricted key"),
        .callback_url = SYN_STR("http://127.0.0.1:9/forged"),
        .jwe_key = SYN_STR("0123456789abcdef0123456789abcdef"),
        .now_s = NOW_S,
    };
}

/* Every text of the kit that may be missing. */
static const size_t kit_fields[] = {
    offsetof(struct syn_forge_kit, identity),
    offsetof(struct syn_forge_kit, victim),
    offsetof(struct syn_forge_kit, key_sid),
    offsetof(struct syn_forge_kit, secret),
    offsetof(struct syn_forge_kit, account_sid),
    offsetof(struct syn_forge_kit, service_sid),
    offsetof(struct syn_forge_kit, auth_token),
    offsetof(struct syn_forge_kit, other_key_sid),
    offsetof(struct syn_forge_kit, other_secret),
    offsetof(struct syn_forge_kit, other_service_sid),
    offsetof(struct syn_forge_kit, foreign_key_sid),
    offsetof(struct syn_forge_kit, foreign_secret),
    offsetof(struct syn_forge_kit, foreign_account_sid),
    offsetof(struct syn_forge_kit, restricted_key_sid),
    offsetof(struct syn_forge_kit, restricted_secret),
    offsetof(struct syn_forge_kit, callback_url),
    offsetof(struct syn_forge_kit, jwe_key),
};

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    const struct syn_forge_kit *kit = ctx;
    const struct {
        struct syn_str sid, secret;
        const char *account;
        bool can_mint;
    } keys[] = {
        {kit->key_sid, kit->secret, ACCOUNT, true},
        {kit->other_key_sid, kit->other_secret, ACCOUNT, true},
        {kit->restricted_key_sid, kit->restricted_secret, ACCOUNT, false},
        {kit->foreign_key_sid, kit->foreign_secret, STRANGER, true},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (syn_str_is_equal(key_sid, keys[i].sid)) {
            out->account_sid = keys[i].account;
            out->secret = keys[i].secret;
            out->can_mint = keys[i].can_mint;
            return true;
        }
    }
    return false;
}

/* Every account has a default service. */
static bool has_service(void *ctx, struct syn_str account, struct syn_str sid)
{
    (void)ctx;
    if (syn_str_is(sid, "default")) {
        return syn_str_is(account, ACCOUNT) || syn_str_is(account, STRANGER);
    }
    return syn_str_is(account, ACCOUNT) &&
           (syn_str_is(sid, SERVICE) || syn_str_is(sid, SECOND));
}

static struct syn_verify_env make_env(struct syn_forge_kit *kit)
{
    return (struct syn_verify_env){.now_s = NOW_S,
                                   .jwe_key = kit->jwe_key,
                                   .find_key = find_key,
                                   .has_service = has_service,
                                   .ctx = kit};
}

static enum syn_code verify(struct syn_forge_kit *kit,
                            const struct syn_token_check *checks,
                            struct syn_str token, struct syn_token_facts *facts)
{
    struct syn_verify_env env = make_env(kit);
    env.checks = checks;
    return syn_token_verify(&env, &arena, token, facts, NULL);
}

/* --- the table ------------------------------------------------------------ */

static size_t count_rows(const char *id)
{
    size_t count = 0;
    size_t cursor = 0;
    while (syn_forgery_next(id, &cursor) != NULL) {
        count++;
    }
    return count;
}

START_TEST(every_id_of_the_taxonomy_has_a_row)
{
    static const char *const ids[] = {
        "T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08",
        "T09", "T10", "T11", "T12", "T13", "T14", "T15", "T16",
        "T17", "T18", "T19", "T20", "T21", "T22", "T23", "T24",
        "T25", "T26", "L01", "L02", "L03", "L05", "V01"};
    size_t sum = 0;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        ck_assert_msg(count_rows(ids[i]) > 0, "no forgery of %s", ids[i]);
        sum += count_rows(ids[i]);
    }
    ck_assert_uint_eq(sum, count_rows(NULL));
    ck_assert_uint_eq(count_rows("T99"), 0);
}
END_TEST

START_TEST(id_and_variant_are_unique_and_every_field_is_set)
{
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next(NULL, &cursor);
    for (; row != NULL; row = syn_forgery_next(NULL, &cursor)) {
        size_t same = 0;
        size_t other = 0;
        const struct syn_forgery *twin = syn_forgery_next(row->id, &other);
        for (; twin != NULL; twin = syn_forgery_next(row->id, &other)) {
            same += strcmp(twin->variant, row->variant) == 0;
        }
        ck_assert_msg(same == 1, "%s/%s twice", row->id, row->variant);
        ck_assert(row->title[0] != '\0' && row->source[0] != '\0');
        ck_assert_msg(row->code == 0 || row->fate == SYN_FORGE_REFUSED,
                      "%s/%s: code against fate", row->id, row->variant);
    }
}
END_TEST

/* --- fates ---------------------------------------------------------------- */

START_TEST(the_honest_token_verifies_and_says_what_the_minter_says)
{
    struct syn_forge_kit kit = make_kit();
    const struct syn_forge_recipe none = {.token = NULL};
    const struct syn_token_key key = {KEY, kit.secret.at, ACCOUNT};
    const struct syn_claims claims = {.identity = kit.identity,
                                      .service_sid = kit.service_sid,
                                      .issued_s = NOW_S,
                                      .expires_s = NOW_S + 3600};
    struct syn_str forged, minted;
    struct syn_token_facts ours, theirs;
    ck_assert_int_eq(syn_forge_cook(&none, &kit, &arena, &forged), SYN_OK);
    ck_assert_int_eq(syn_token_mint(&arena, &key, &claims, &minted), SYN_OK);
    ck_assert_int_eq(verify(&kit, NULL, forged, &ours), SYN_CODE_NONE);
    ck_assert_int_eq(verify(&kit, NULL, minted, &theirs), SYN_CODE_NONE);
    ck_assert(syn_str_is_equal(ours.identity, theirs.identity));
    ck_assert(syn_str_is_equal(ours.service_sid, theirs.service_sid));
    ck_assert(syn_str_is_equal(ours.key_sid, theirs.key_sid));
    ck_assert(syn_str_is_equal(ours.account_sid, theirs.account_sid));
    ck_assert_int_eq(ours.issued_s, theirs.issued_s);
    ck_assert_int_eq(ours.expires_s, theirs.expires_s);
}
END_TEST

static bool is_victim_here(const struct syn_forge_kit *kit,
                           const struct syn_token_facts *facts)
{
    return syn_str_is_equal(facts->identity, kit->victim) &&
           syn_str_is_equal(facts->service_sid, kit->service_sid);
}

static void expect_fate(struct syn_forge_kit *kit,
                        const struct syn_forgery *row, struct syn_str token)
{
    struct syn_token_facts facts;
    const enum syn_code code = verify(kit, NULL, token, &facts);
    switch (row->fate) {
    case SYN_FORGE_REFUSED:
        ck_assert_msg(code != SYN_CODE_NONE, "%s/%s: accepted", row->id,
                      row->variant);
        ck_assert_msg(row->code == 0 || (int)code == row->code,
                      "%s/%s: code %d, not %d", row->id, row->variant,
                      (int)code, row->code);
        break;
    case SYN_FORGE_ACCEPTED:
        ck_assert_msg(code == SYN_CODE_NONE, "%s/%s: refused by %d", row->id,
                      row->variant, (int)code);
        break;
    case SYN_FORGE_CONFINED:
        ck_assert_msg(code != SYN_CODE_NONE || !is_victim_here(kit, &facts),
                      "%s/%s: is the victim", row->id, row->variant);
        break;
    }
}

START_TEST(every_forgery_meets_its_fate)
{
    struct syn_forge_kit kit = make_kit();
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next(NULL, &cursor);
    for (; row != NULL; row = syn_forgery_next(NULL, &cursor)) {
        struct syn_str token = {NULL, 0};
        const struct syn_arena_mark mark = syn_arena_mark(&arena);
        ck_assert_msg(syn_forge_make(row, &kit, &arena, &token) == SYN_OK &&
                          token.at != NULL,
                      "%s/%s: not made", row->id, row->variant);
        expect_fate(&kit, row, token);
        syn_arena_rewind(&arena, mark);
    }
}
END_TEST

/* Look-alikes must differ from the victim, or they prove nothing. */
START_TEST(a_confined_identity_opens_a_session_as_somebody_else)
{
    struct syn_forge_kit kit = make_kit();
    size_t cursor = 0;
    size_t sessions = 0;
    const struct syn_forgery *row = syn_forgery_next("T18", &cursor);
    for (; row != NULL; row = syn_forgery_next("T18", &cursor)) {
        struct syn_str token;
        struct syn_token_facts facts;
        ck_assert_int_eq(syn_forge_make(row, &kit, &arena, &token), SYN_OK);
        if (row->fate != SYN_FORGE_CONFINED ||
            strcmp(row->variant, "nul-escape") == 0) {
            continue; /* a NUL: refused by the reference, not by everybody */
        }
        ck_assert_msg(verify(&kit, NULL, token, &facts) == SYN_CODE_NONE,
                      "%s: never gets in", row->variant);
        sessions++;
    }
    ck_assert_uint_gt(sessions, 10);
}
END_TEST

/* --- what the kit lacks --------------------------------------------------- */

static struct syn_str *field_of(struct syn_forge_kit *kit, size_t index)
{
    return (struct syn_str *)(void *)((char *)kit + kit_fields[index]);
}

START_TEST(a_missing_field_is_said_or_was_never_needed)
{
    const struct syn_forge_kit whole = make_kit();
    size_t uses[sizeof(kit_fields) / sizeof(kit_fields[0])] = {0};
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next(NULL, &cursor);
    for (; row != NULL; row = syn_forgery_next(NULL, &cursor)) {
        struct syn_str full;
        const struct syn_arena_mark mark = syn_arena_mark(&arena);
        ck_assert_int_eq(syn_forge_make(row, &whole, &arena, &full), SYN_OK);
        for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
            struct syn_forge_kit kit = whole;
            *field_of(&kit, i) = SYN_STR("");
            struct syn_str token = {NULL, 0};
            const syn_status st = syn_forge_make(row, &kit, &arena, &token);
            if (st == SYN_ERR_NOT_FOUND) {
                ck_assert_ptr_null(token.at);
                uses[i]++;
                continue;
            }
            ck_assert_int_eq(st, SYN_OK);
            ck_assert_msg(syn_str_is_equal(token, full),
                          "%s/%s: altered silently by field %zu", row->id,
                          row->variant, i);
        }
        syn_arena_rewind(&arena, mark);
    }
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        ck_assert_msg(uses[i] > 0, "field %zu is used by no forgery", i);
    }
}
END_TEST

/* A victim of plain ASCII cannot be decomposed. */
START_TEST(a_victim_without_accents_has_no_decomposed_form)
{
    struct syn_forge_kit kit = make_kit();
    kit.victim = SYN_STR("zoe");
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next("T18", &cursor);
    while (row != NULL && strcmp(row->variant, "nfd") != 0) {
        row = syn_forgery_next("T18", &cursor);
    }
    ck_assert_ptr_nonnull(row);
    struct syn_str token;
    ck_assert_int_eq(syn_forge_make(row, &kit, &arena, &token),
                     SYN_ERR_NOT_FOUND);
}
END_TEST

/* --- checks that bite ------------------------------------------------------
 */

/* No check at all. */
static enum syn_code pass(const struct syn_verify_env *env,
                          struct syn_token_draft *draft)
{
    (void)env;
    (void)draft;
    return SYN_CODE_NONE;
}

/* White space and padding are dropped before the parts are decoded. */
static enum syn_code loose_compact(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft)
{
    char *kept = syn_arena_alloc(draft->arena, draft->token.bytes + 1);
    size_t count = 0;
    for (size_t i = 0; i < draft->token.bytes; i++) {
        if (strchr(" \r\n=", draft->token.at[i]) == NULL) {
            kept[count++] = draft->token.at[i];
        }
    }
    draft->token = (struct syn_str){kept, count};
    return syn_token_check_compact(env, draft);
}

/* What stands behind the first object is not looked at. */
static enum syn_code loose_json(const struct syn_verify_env *env,
                                struct syn_token_draft *draft)
{
    struct syn_json_fault fault;
    if (syn_json_check(draft->payload_text, NULL, &fault) != SYN_OK) {
        draft->payload_text =
            syn_str_part(draft->payload_text, 0, fault.offset);
    }
    return syn_token_check_json(env, draft);
}

/* An unknown key id falls back to the key of the account. */
static enum syn_code loose_issuer(const struct syn_verify_env *env,
                                  struct syn_token_draft *draft)
{
    draft->has_key = true;
    if (!env->find_key(env->ctx, draft->facts.key_sid, &draft->key)) {
        return env->find_key(env->ctx, SYN_STR(KEY), &draft->key)
                   ? SYN_CODE_NONE
                   : SYN_CODE_20103;
    }
    return SYN_CODE_NONE;
}

/* Whatever `alg` says, it is an HMAC of SHA-256. */
static enum syn_code loose_signature(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    (void)env;
    return syn_token_is_signed(draft, SYN_SHA256, draft->key.secret)
               ? SYN_CODE_NONE
               : SYN_CODE_20107;
}

/* Opens a `dir` envelope without a look at what its header asks for. */
static enum syn_code loose_envelope(const struct syn_verify_env *env,
                                    struct syn_token_draft *draft)
{
    const struct syn_str token = draft->token;
    const size_t header = syn_str_find(token, '.', 0);
    const size_t iv = header + 2;
    const size_t cipher = syn_str_find(token, '.', iv) + 1;
    const size_t tag = syn_str_find(token, '.', cipher) + 1;
    if (tag >= token.bytes) {
        return SYN_CODE_NONE;
    }
    struct syn_buf sealed, nonce;
    syn_buf_init(&sealed, NULL, SYN_TOKEN_BYTES_MAX);
    syn_buf_init(&nonce, NULL, SYN_TOKEN_BYTES_MAX);
    unsigned char *plain = syn_arena_alloc(draft->arena, token.bytes);
    enum syn_code code = SYN_CODE_20101;
    if (syn_base64_decode(&nonce, SYN_BASE64URL,
                          syn_str_part(token, iv, cipher - iv - 1)) == SYN_OK &&
        nonce.bytes == SYN_AEAD_NONCE_BYTES &&
        syn_base64_decode(&sealed, SYN_BASE64URL,
                          syn_str_part(token, cipher, tag - cipher - 1)) ==
            SYN_OK &&
        syn_base64_decode(&sealed, SYN_BASE64URL, syn_str_from(token, tag)) ==
            SYN_OK &&
        syn_aead_open((const unsigned char *)env->jwe_key.at,
                      (const unsigned char *)nonce.at,
                      syn_str_part(token, 0, header), syn_buf_str(&sealed),
                      plain) == SYN_OK) {
        draft->token = (struct syn_str){(const char *)plain,
                                        sealed.bytes - SYN_AEAD_TAG_BYTES};
        code = SYN_CODE_NONE;
    }
    syn_buf_fini(&nonce);
    syn_buf_fini(&sealed);
    return code;
}

/*
 * How a verifier gets each check wrong. Most are left out; those that build
 * what later checks stand on are read leniently. `beside` names a later check
 * that would catch the same, and is put out of action with it: then the proof
 * is that the check alone stands between the forgery and a session.
 */
static const struct mistake {
    const char *check;
    syn_token_check_fn instead;
    const char *beside;
    syn_token_check_fn beside_instead;
} mistakes[] = {
    {"size", pass, NULL, NULL},
    {"envelope", loose_envelope, NULL, NULL},
    {"compact", loose_compact, NULL, NULL},
    {"json", loose_json, NULL, NULL},
    {"critical", pass, NULL, NULL},
    {"type", pass, NULL, NULL},
    {"content", pass, NULL, NULL},
    {"algorithm", pass, "signature", loose_signature},
    {"issuer", loose_issuer, NULL, NULL},
    {"issuer-rights", pass, NULL, NULL},
    {"subject", pass, NULL, NULL},
    {"signature", pass, NULL, NULL},
    {"not-before", pass, NULL, NULL},
    {"expiry", pass, NULL, NULL},
    {"issued", pass, NULL, NULL},
    {"lifetime", pass, NULL, NULL},
    {"identity", pass, NULL, NULL},
    {"grant", pass, "service", pass},
    {"service", pass, NULL, NULL},
    {"region", pass, NULL, NULL},
};

#define MISTAKE_COUNT (sizeof(mistakes) / sizeof(mistakes[0]))

static void replace_check(struct syn_token_check *checks, const char *name,
                          syn_token_check_fn by)
{
    for (; name != NULL && checks->name != NULL; checks++) {
        if (strcmp(checks->name, name) == 0) {
            checks->run = by;
        }
    }
}

static void copy_checks(struct syn_token_check out[CHECKS_MAX])
{
    size_t i = 0;
    for (; syn_token_checks[i].name != NULL; i++) {
        ck_assert_uint_lt(i + 1, CHECKS_MAX);
        out[i] = syn_token_checks[i];
    }
    out[i] = (struct syn_token_check){NULL, NULL, NULL};
}

/* Forgeries that `sound` refuses and `flawed` lets in. */
static size_t count_bites(const struct syn_token_check *sound,
                          const struct syn_token_check *flawed)
{
    struct syn_forge_kit kit = make_kit();
    size_t count = 0;
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next(NULL, &cursor);
    for (; row != NULL; row = syn_forgery_next(NULL, &cursor)) {
        const struct syn_arena_mark mark = syn_arena_mark(&arena);
        struct syn_str token;
        struct syn_token_facts facts;
        ck_assert_int_eq(syn_forge_make(row, &kit, &arena, &token), SYN_OK);
        if (verify(&kit, sound, token, &facts) != SYN_CODE_NONE &&
            verify(&kit, flawed, token, &facts) == SYN_CODE_NONE) {
            count++;
        }
        syn_arena_rewind(&arena, mark);
    }
    return count;
}

START_TEST(a_verifier_with_one_mistake_lets_a_forgery_in)
{
    const struct mistake *mistake = &mistakes[_i];
    struct syn_token_check sound[CHECKS_MAX], flawed[CHECKS_MAX];
    copy_checks(sound);
    replace_check(sound, mistake->beside, mistake->beside_instead);
    memcpy(flawed, sound, sizeof(sound));
    replace_check(flawed, mistake->check, mistake->instead);
    ck_assert_msg(count_bites(sound, flawed) > 0,
                  "no forgery needs the check `%s`", mistake->check);
}
END_TEST

START_TEST(every_check_of_the_sound_table_has_its_mistake)
{
    size_t count = 0;
    for (; syn_token_checks[count].name != NULL; count++) {
        size_t found = 0;
        for (size_t i = 0; i < MISTAKE_COUNT; i++) {
            found +=
                strcmp(mistakes[i].check, syn_token_checks[count].name) == 0;
        }
        ck_assert_msg(found == 1, "`%s`", syn_token_checks[count].name);
    }
    ck_assert_uint_eq(count, MISTAKE_COUNT);
}
END_TEST

/* A sound table finds nothing to differ in: the counting itself can fail. */
START_TEST(a_verifier_without_mistakes_lets_nothing_in)
{
    ck_assert_uint_eq(count_bites(syn_token_checks, syn_token_checks), 0);
}
END_TEST

Suite *suite_forge(void)
{
    Suite *suite = suite_create("forge");
    TCase *tcase = tcase_create("forge");
    const double seconds = 60;
    tcase_set_timeout(tcase, seconds);
    tcase_add_checked_fixture(tcase, open_arena, close_arena);
    tcase_add_test(tcase, every_id_of_the_taxonomy_has_a_row);
    tcase_add_test(tcase, id_and_variant_are_unique_and_every_field_is_set);
    tcase_add_test(tcase,
                   the_honest_token_verifies_and_says_what_the_minter_says);
    tcase_add_test(tcase, every_forgery_meets_its_fate);
    tcase_add_test(tcase, a_confined_identity_opens_a_session_as_somebody_else);
    tcase_add_test(tcase, a_missing_field_is_said_or_was_never_needed);
    tcase_add_test(tcase, a_victim_without_accents_has_no_decomposed_form);
    tcase_add_loop_test(tcase, a_verifier_with_one_mistake_lets_a_forgery_in, 0,
                        (int)MISTAKE_COUNT);
    tcase_add_test(tcase, every_check_of_the_sound_table_has_its_mistake);
    tcase_add_test(tcase, a_verifier_without_mistakes_lets_nothing_in);
    suite_add_tcase(suite, tcase);
    return suite;
}
