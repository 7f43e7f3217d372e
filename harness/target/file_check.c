/*
 * file_check.c - what no single key of a target file can tell.
 * Layer: target. Threads: independent calls.
 * Source: design section 4.
 */
#include "target/file_impl.h"
#include "target/given.h"
#include "target/locate.h"

#include <stdio.h>
#include <string.h>

struct syn_target_place
syn_target_place_below(const struct syn_target_place *above,
                       struct syn_str name)
{
    struct syn_target_place below = *above;
    size_t at = strlen(below.pointer);
    size_t room = sizeof below.pointer - at - 1;
    size_t bytes = name.bytes + 1 > room ? room : name.bytes + 1;
    if (bytes > 0) {
        below.pointer[at] = '/';
        memcpy(below.pointer + at + 1, name.at, bytes - 1);
        below.pointer[at + bytes] = '\0';
    }
    return below;
}

syn_status syn_target_refuse(struct syn_target_reader *r,
                             const struct syn_target_place *place,
                             const char *reason)
{
    (void)snprintf(r->fault, SYN_TARGET_FAULT_BYTES, "%s:%u: %s: %s", r->path,
                   syn_target_line_of(r->text, place->pointer),
                   place->pointer[0] == '\0' ? "/" : place->pointer, reason);
    return SYN_ERR_CONFIG;
}

static syn_status require_text(struct syn_target_reader *r, const char *value,
                               const char *name)
{
    struct syn_target_place place = {.pointer = ""};
    char reason[SYN_TARGET_POINTER_BYTES];
    if (value != NULL && value[0] != '\0') {
        return SYN_OK;
    }
    (void)snprintf(reason, sizeof reason, "%s is required", name);
    return syn_target_refuse(r, &place, reason);
}

static syn_status check_url(struct syn_target_reader *r, const char *name,
                            const char *value, const char *const schemes[2])
{
    struct syn_target_place place = {.pointer = ""};
    struct syn_str url = syn_str_of(value);
    char reason[SYN_TARGET_POINTER_BYTES];
    place = syn_target_place_below(&place, syn_str_of(name));
    if (syn_str_find(url, '@', 0) < url.bytes) {
        return syn_target_refuse(r, &place, "credentials in a URL");
    }
    for (size_t i = 0; i < 2; i++) {
        if (syn_str_has_prefix(url, syn_str_of(schemes[i])) &&
            url.bytes > strlen(schemes[i])) {
            return SYN_OK;
        }
    }
    (void)snprintf(reason, sizeof reason, "must begin with %s or %s",
                   schemes[0], schemes[1]);
    return syn_target_refuse(r, &place, reason);
}

static syn_status check_authorisation(struct syn_target_reader *r,
                                      const struct syn_target *target,
                                      const char *today)
{
    struct syn_target_place mode = {.pointer = "/mode"};
    struct syn_target_place until = {.pointer = "/authorisation/until"};
    if (target->authorisation_until != NULL &&
        !syn_str_is_date(syn_str_of(target->authorisation_until))) {
        return syn_target_refuse(r, &until, "must be a date, YYYY-MM-DD");
    }
    if (target->authorisation_until != NULL &&
        strcmp(target->authorisation_until, today) < 0) {
        return syn_target_refuse(r, &until, "the authorisation has ended");
    }
    if (target->authorisation_reference != NULL &&
        target->authorisation_until == NULL) {
        struct syn_target_place both = {.pointer = "/authorisation"};
        return syn_target_refuse(r, &both, "until is required");
    }
    if (target->mode != SYN_MODE_DISRUPTIVE) {
        return SYN_OK;
    }
    if (target->authorisation_reference == NULL ||
        target->authorisation_until == NULL) {
        return syn_target_refuse(
            r, &mode,
            "\"disruptive\" needs authorisation with reference and "
            "until");
    }
    return SYN_OK;
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

bool syn_target_is_production_word(struct syn_str text)
{
    static const char *const words[] = {"prod", "production", "prd", "live"};
    for (size_t at = 0; at < text.bytes;) {
        size_t end = at;
        while (end < text.bytes && is_letter(text.at[end])) {
            end++;
        }
        struct syn_str word = syn_str_part(text, at, end - at);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (syn_str_is_equal_nocase(word, syn_str_of(words[i]))) {
                return true;
            }
        }
        at = end + 1;
    }
    return false;
}

/* Path and query of a URL say nothing about whose it is. */
static struct syn_str host_of(const char *url)
{
    struct syn_str all = syn_str_of(url);
    size_t at = syn_str_find(all, ':', 0) + sizeof "://" - 1;
    struct syn_str rest = syn_str_from(all, at < all.bytes ? at : 0);
    return syn_str_part(rest, 0, syn_str_find(rest, '/', 0));
}

const char *syn_target_production(const struct syn_target *target)
{
    if (target->allow_production || target->mode == SYN_MODE_READONLY) {
        return NULL;
    }
    if (syn_target_is_production_word(syn_str_of(target->name))) {
        return "name";
    }
    if (syn_target_is_production_word(host_of(target->rest_url))) {
        return "rest_url";
    }
    return syn_target_is_production_word(host_of(target->sdk_url)) ? "sdk_url"
                                                                   : NULL;
}

/* The tokens are good for one service: that of the file, or else theirs. */
static syn_status check_tokens(struct syn_target_reader *r,
                               struct syn_target *target)
{
    struct syn_target_place all = {.pointer = ""};
    all = syn_target_place_below(&all, SYN_STR("tokens"));
    for (size_t i = 0; i < target->token_count; i++) {
        const struct syn_target_pair *pair = &target->tokens[i];
        struct syn_given given;
        struct syn_target_place place =
            syn_target_place_below(&all, syn_str_of(pair->name));
        if (!syn_given_read(r->arena, pair->value, &given)) {
            continue; /* sealed: the service will say */
        }
        if (!syn_str_is(given.identity, pair->name)) {
            return syn_target_refuse(r, &place, "a token of another identity");
        }
        if (target->account.service_sid == NULL &&
            given.service_sid.bytes > 0) {
            target->account.service_sid =
                syn_arena_dup(r->arena, given.service_sid).at;
        }
        if (target->account.service_sid != NULL &&
            given.service_sid.bytes > 0 &&
            !syn_str_is(given.service_sid, target->account.service_sid)) {
            return syn_target_refuse(r, &place, "a token of another service");
        }
    }
    return SYN_OK;
}

/* What no single key can tell. */
syn_status syn_target_check(struct syn_target_reader *r,
                            struct syn_target *target, const char *today)
{
    static const char *const rest[] = {"http://", "https://"};
    static const char *const sdk[] = {"ws://", "wss://"};
    const struct {
        const char *value;
        const char *name;
    } required[] = {{target->rest_url, "rest_url"},
                    {target->sdk_url, "sdk_url"},
                    {target->account.account_sid, "account_sid"}};
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        syn_status st = require_text(r, required[i].value, required[i].name);
        if (st != SYN_OK) {
            return st;
        }
    }
    syn_status st = check_url(r, "rest_url", target->rest_url, rest);
    st = st != SYN_OK ? st : check_url(r, "sdk_url", target->sdk_url, sdk);
    st = st != SYN_OK ? st : check_authorisation(r, target, today);
    st = st != SYN_OK ? st : check_tokens(r, target);
    if (st != SYN_OK) {
        return st;
    }
    struct syn_target_place key = {.pointer = "/api_key"};
    if ((target->account.api_key == NULL) !=
        (target->account.api_secret == NULL)) {
        return syn_target_refuse(r, &key, "api_key and api_secret go together");
    }
    struct syn_str url = syn_str_of(target->rest_url);
    while (url.bytes > 0 && url.at[url.bytes - 1] == '/') {
        url.bytes--;
    }
    target->rest_url = syn_arena_dup(r->arena, url).at;
    return target->rest_url == NULL ? SYN_ERR_MEMORY : SYN_OK;
}
