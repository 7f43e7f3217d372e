/*
 * readings.h - what to think where the public documents are silent, as data.
 * Layer: wire. Threads: constants; a set of readings belongs to its owner.
 * Source: rest.md sections 11 and 12, design section 8 (calibrate).
 *
 * One member for each open question. The reference service, the oracle and
 * the gate take a set of them; `calibrate` finds out which ones a target has.
 * Of words the first is what the reference does, so a member of zero is the
 * default; SYN_READINGS_DEFAULT has the numbers too.
 */
#ifndef SYN_WIRE_READINGS_H
#define SYN_WIRE_READINGS_H

#include "syn/limits.h"
#include "syn/str.h"
#include "wire/codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, member, question of rest.md 11, id, words or NULL for a number,
 * sentence). "flip" is of section 12: what was made while ACLs were off. */
#define SYN_READING_MAP(X)                                                    \
    X(EVENTS, events, "1", "events-after-revoke", "stop flow",                \
      "do events keep flowing after read is revoked?")                        \
    X(CREATOR_ROW, creator_row, "2", "creator-row", "listed hidden",          \
      "is the creator's implicit right listed as a permission?")              \
    X(STREAM, stream, "3", "stream-access", "creator anyone nobody",          \
      "who may use a stream with ACLs on?")                                   \
    X(WRITE, write, "4", "write-implies-read", "no yes",                      \
      "does write imply read?")                                               \
    X(TTL, ttl, "4", "ttl-right", "write manage",                             \
      "does a change of the TTL need write or manage?")                       \
    X(MISSING, missing, "5", "permission-missing-code", "20404 54354",        \
      "the code on REST for a missing permission")                            \
    X(SYNTAX, syntax, "6", "json-syntax", "strict lenient",                   \
      "are unquoted keys and single quotes taken in Data?")                   \
    X(TOP, top, "6", "data-top-level", "object any",                          \
      "are arrays and scalars taken as Data?")                                \
    X(ETAG, etag, "7", "etag", "quoted bare", "is the ETag quoted?")          \
    X(MATCH_CONTAINER, match_container, "7", "if-match-container",            \
      "honoured ignored", "is If-Match honoured on lists and maps?")          \
    X(MATCH_DELETE, match_delete, "7", "if-match-document-delete",            \
      "honoured ignored", "is If-Match honoured when a document is deleted?") \
    X(CASE, identity_case, "8", "identity-case", "exact folded",              \
      "do identities differ by the case of ASCII letters?")                   \
    X(FORM, identity_form, "8", "identity-form", "exact composed",            \
      "do identities differ by Unicode form (letters of Latin-1)?")           \
    X(EXPIRED_SEEN, expired_seen, "9", "expired-visible", "yes no",           \
      "are expired objects visible until they are purged?")                   \
    X(EXPIRED_UPDATE, expired_update, "9", "expired-update",                  \
      "allowed refused", "may expired objects be updated?")                   \
    X(EXPIRED_NAME, expired_name, "9", "expired-name", "blocks free",         \
      "does an expired object keep its unique name?")                         \
    X(PURGE_HOOK, purge_hook, "10", "purge-webhook", "none sent",             \
      "is there a webhook when a TTL purges?")                                \
    X(HOOK_RETRIES, hook_retries, "10", "webhook-retries", NULL,              \
      "how often is a failed webhook tried again?")                           \
    X(HOOK_NAMES, hook_names, "10", "webhook-names", "prefixed bare",         \
      "parameters of maps and streams: ItemKey and StreamMessageSid, or Key " \
      "and MessageSid?")                                                      \
    X(PAGE_SIZE, page_size, "11", "page-size-over", "clamp refuse honour",    \
      "what becomes of a PageSize of 101 to 1000?")                           \
    X(CODE_HEADER, code_header, "12", "token-code-header", "20xxx 51xxx",     \
      "the code for a token with a wrong header")                             \
    X(CODE_ISSUER, code_issuer, "12", "token-code-issuer", "20xxx 51xxx",     \
      "the code for a token of an unknown key")                               \
    X(CODE_SIGNATURE, code_signature, "12", "token-code-signature",           \
      "20xxx 51xxx", "the code for a token with a wrong signature")           \
    X(CODE_EARLY, code_early, "12", "token-code-early", "20xxx 51xxx",        \
      "the code for a token that is not valid yet")                           \
    X(CODE_EXPIRED, code_expired, "12", "token-code-expired", "20xxx 51xxx",  \
      "the code for a token that has expired")                                \
    X(CODE_GRANTS, code_grants, "12", "token-code-grants", "20xxx 51xxx",     \
      "the code for a token without a service")                               \
    X(CODE_LIFETIME, code_lifetime, "12", "token-code-lifetime",              \
      "20xxx 51xxx", "the code for a token that lives too long")              \
    X(NBF_SKEW, nbf_skew_s, "12", "nbf-skew-s", NULL,                         \
      "how many seconds before nbf a token is taken")                         \
    X(EXP_SKEW, exp_skew_s, "12", "exp-skew-s", NULL,                         \
      "how many seconds after exp a token is taken")                          \
    X(NAME_SCOPE, name_scope, "13", "name-scope", "type service",             \
      "are unique names unique for each type, or across types?")              \
    X(SIZE, size, "14", "size-measure", "compact raw characters",             \
      "what is measured against 16 KiB: compact UTF-8, the text as sent, or " \
      "characters?")                                                          \
    X(ORDER, order, "15", "listing-order", "created created-desc sid",        \
      "the order of services, documents, lists, maps and streams")            \
    X(MADE_OFF, made_off, "flip", "made-while-off", "keeps loses",            \
      "does a creator keep what was made while ACLs were off?")

#define SYN_READING_AS_ENUM(name, member, question, id, words, text) \
    SYN_READING_##name,
enum syn_reading_id { SYN_READING_MAP(SYN_READING_AS_ENUM) SYN_READING_COUNT };
_Static_assert(SYN_READING_COUNT <= 64, "a set of readings is 64 bits");

/* Values of the members that are words, in the order of the words. */
enum { SYN_EVENTS_STOP, SYN_EVENTS_FLOW };
enum { SYN_CREATOR_ROW_LISTED, SYN_CREATOR_ROW_HIDDEN };
enum { SYN_STREAM_CREATOR, SYN_STREAM_ANYONE, SYN_STREAM_NOBODY };
enum { SYN_WRITE_IS_NOT_READ, SYN_WRITE_IS_READ };
enum { SYN_TTL_NEEDS_WRITE, SYN_TTL_NEEDS_MANAGE };
enum { SYN_MISSING_20404, SYN_MISSING_54354 };
enum { SYN_SYNTAX_STRICT, SYN_SYNTAX_LENIENT };
enum { SYN_TOP_OBJECT, SYN_TOP_ANY };
enum { SYN_ETAG_QUOTED, SYN_ETAG_BARE };
enum { SYN_MATCH_HONOURED, SYN_MATCH_IGNORED };
enum { SYN_IDENTITY_EXACT, SYN_IDENTITY_ALIKE };
enum { SYN_EXPIRED_IS_SEEN, SYN_EXPIRED_IS_HIDDEN };
enum { SYN_EXPIRED_TAKES_UPDATES, SYN_EXPIRED_IS_FINAL };
enum { SYN_EXPIRED_KEEPS_NAME, SYN_EXPIRED_FREES_NAME };
enum { SYN_PURGE_IS_SILENT, SYN_PURGE_IS_TOLD };
enum { SYN_HOOK_NAMES_PREFIXED, SYN_HOOK_NAMES_BARE };
enum { SYN_PAGE_CLAMP, SYN_PAGE_REFUSE, SYN_PAGE_HONOUR };
enum { SYN_CODE_20XXX, SYN_CODE_51XXX };
enum { SYN_NAME_PER_TYPE, SYN_NAME_PER_SERVICE };
enum { SYN_SIZE_COMPACT, SYN_SIZE_RAW, SYN_SIZE_CHARACTERS };
enum { SYN_ORDER_CREATED, SYN_ORDER_CREATED_DESC, SYN_ORDER_SID };
enum { SYN_MADE_OFF_KEEPS, SYN_MADE_OFF_LOSES };

#define SYN_READING_AS_MEMBER(name, member, question, id, words, text) \
    unsigned member;
struct syn_readings {
    SYN_READING_MAP(SYN_READING_AS_MEMBER)
    uint64_t open; /* bits by enum syn_reading_id: the oracle does not choose */
};

#define SYN_READINGS_DEFAULT               \
    {                                      \
        .nbf_skew_s = SYN_TOKEN_NBF_SKEW_S \
    }

/* What the reference takes. */
extern const struct syn_readings syn_readings_default;

#define SYN_READING_NUMBER_MAX 600u /* of skews, in seconds */
#define SYN_READING_WORD_BYTES 24

struct syn_reading {
    const char *id;
    const char *question; /* "1" to "15", or "flip" */
    const char *text;
    const char *words; /* blank between; NULL: a number */
    unsigned number_max;
    size_t offset; /* in struct syn_readings */
};

/* One of the open questions. */
const struct syn_reading *syn_reading_at(enum syn_reading_id which);

/* False: no question has this id. */
bool syn_reading_find(struct syn_str id, enum syn_reading_id *out);

unsigned syn_reading_value(const struct syn_readings *readings,
                           enum syn_reading_id which);
void syn_reading_set(struct syn_readings *readings, enum syn_reading_id which,
                     unsigned value);

/* How many values there are: words, or numbers. */
unsigned syn_reading_count(enum syn_reading_id which);

/* A value from its word, or a number in decimal; false: it is none. */
bool syn_reading_parse(enum syn_reading_id which, struct syn_str word,
                       unsigned *out);
void syn_reading_name(enum syn_reading_id which, unsigned value,
                      char out[SYN_READING_WORD_BYTES]);

/* "etag=bare webhook-retries=2", by ids and words with blanks between: what it
 * names is set. False: something in it is none. */
bool syn_readings_apply(struct syn_readings *readings, struct syn_str text);

/* Are both the same identity under these readings? */
bool syn_reading_is_same(const struct syn_readings *readings, struct syn_str a,
                         struct syn_str b);

/* May two identities of different bytes be the same? */
bool syn_reading_is_lax(const struct syn_readings *readings);

/* The code that a token is refused with, from that of the reference. */
enum syn_code syn_reading_token_code(const struct syn_readings *readings,
                                     enum syn_code code);

/* The fault of a token that a question is about; SYN_CODE_NONE: none. */
enum syn_code syn_reading_token_fault(enum syn_reading_id which);

#endif
