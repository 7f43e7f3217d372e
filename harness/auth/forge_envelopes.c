/*
 * forge_envelopes.c - what it is wrapped in: T24 to T26.
 *
 * With the service's envelope key in the kit the envelopes open, so that only
 * what they ask for, or hold, can be the reason of a refusal. Services without
 * such a key refuse any five parts.
 */
#include "auth/forge_recipe.h"

#define ROW             SYN_FORGE_ROW
#define MUST            SYN_FORGE_MUST
#define LOCAL           SYN_FORGE_LOCAL
#define SOURCE(clauses) .source = (clauses)

#define DIRECT       "\"alg\":\"dir\",\"enc\":\"A256GCM\""
#define SEALED(more) .envelope = "{" DIRECT more "}", .envelope_key = "$J"
#define FORGER_KEY   "the forger's own key of 32 bytes"
#define BOMB_CODES   5000 /* 8 KB that grow to 1.3 MB */

static const struct syn_forgery rows[] = {
    {ROW("T24", "p2c", "a password envelope of 2^31 rounds",
         .envelope = "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\","
                     "\"p2s\":\"c2FsdHNhbHQ\",\"p2c\":2147483647}",
         .envelope_key = FORGER_KEY),
     SOURCE("TOK-48 TOK-49"), LOCAL(20101)},
    {ROW("T24", "p2c-sealed", "an authentic envelope that names 2^31 rounds",
         SEALED(",\"p2c\":2147483647,\"p2s\":\"c2FsdHNhbHQ\"")),
     SOURCE("TOK-48 TOK-49"), LOCAL(20101)},

    {ROW("T25", "zip", "an authentic envelope whose content inflates",
         SEALED(",\"zip\":\"DEF\""), .edit = syn_forge_bomb, .at = BOMB_CODES),
     SOURCE("TOK-48 TOK-49"), LOCAL(20101)},
    {ROW("T25", "zip-foreign", "an inflating envelope under a foreign key",
         .envelope = "{" DIRECT ",\"zip\":\"DEF\"}", .envelope_key = FORGER_KEY,
         .edit = syn_forge_bomb, .at = BOMB_CODES),
     SOURCE("TOK-48 TOK-49"), LOCAL(20101)},

    {ROW("T26", "signed", "an envelope around a right token", SEALED("")),
     SOURCE("TOK-48"), .level = SYN_LEVEL_INFO, .fate = SYN_FORGE_ACCEPTED,
     .is_remote_safe = true},
    {ROW("T26", "unsigned", "an envelope around claims that nobody signed",
         SEALED(""), .signing = SYN_FORGE_CLAIMS_ONLY),
     SOURCE("TOK-20 TOK-48"), MUST(20101)},
    {ROW("T26", "none", "an envelope around a token of alg none", SEALED(""),
         .alg = "\"alg\":\"none\"", .signing = SYN_FORGE_EMPTY),
     SOURCE("TOK-20 TOK-48"), MUST(20102)},
    {ROW("T26", "no-signature", "an envelope around a token not signed",
         SEALED(""), .signing = SYN_FORGE_EMPTY),
     SOURCE("TOK-22 TOK-48"), MUST(20107)},
    {ROW("T26", "crit", "an envelope with a critical member nobody knows",
         SEALED(",\"crit\":[\"syn\"],\"syn\":true")),
     SOURCE("TOK-48 TOK-49"), MUST(20101)},
    {ROW("T26", "foreign-key", "a right token in an envelope of another key",
         .envelope = "{" DIRECT "}", .envelope_key = FORGER_KEY),
     SOURCE("TOK-48"), MUST(20101)},
};

SYN_FORGE_TABLE(syn_forge_envelopes, rows);
