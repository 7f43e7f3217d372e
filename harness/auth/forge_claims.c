/*
 * forge_claims.c - what it is for: header T13, product and service T14 to T16.
 *
 * All of these are signed by the right key: an issuer for another product, or
 * one with a bug, must not open Sync by accident.
 */
#include "auth/forge_recipe.h"

#define ROW             SYN_FORGE_ROW
#define MUST            SYN_FORGE_MUST
#define SHOULD          SYN_FORGE_SHOULD
#define CONTROL         SYN_FORGE_CONTROL
#define CONFINE         SYN_FORGE_CONFINE
#define SOURCE(clauses) .source = (clauses)

#define SERVICE(json) .sync = "\"data_sync\":{\"service_sid\":" json "}"
#define SYNC(json)    .sync = "\"data_sync\":" json
#define GRANTS(json)  .grants = "\"grants\":" json
#define OTHERS(json)  .sync = "", .others = json
#define VICTIM        .identity = "\"identity\":\"$V\""

static const struct syn_forgery rows[] = {
    {ROW("T13", "typ-missing", "no typ", .typ = ""), SOURCE("TOK-16"),
     SHOULD(20102)},
    {ROW("T13", "typ-jwt", "typ in small letters", .typ = "\"typ\":\"jwt\""),
     SOURCE("TOK-16"), SHOULD(20102)},
    {ROW("T13", "typ-at-jwt", "typ of an OAuth access token",
         .typ = "\"typ\":\"at+jwt\""),
     SOURCE("TOK-16"), SHOULD(20102)},
    {ROW("T13", "typ-JWE", "typ JWE", .typ = "\"typ\":\"JWE\""),
     SOURCE("TOK-16"), SHOULD(20102)},
    {ROW("T13", "typ-number", "typ that is a number", .typ = "\"typ\":1"),
     SOURCE("TOK-16"), SHOULD(20102)},
    {ROW("T13", "typ-array", "typ that is an array",
         .typ = "\"typ\":[\"JWT\"]"),
     SOURCE("TOK-16"), SHOULD(20102)},
    {ROW("T13", "cty-missing", "no cty", .cty = ""), SOURCE("TOK-17"),
     SHOULD(20102)},
    {ROW("T13", "cty-2", "cty of another version",
         .cty = "\"cty\":\"twilio-fpa;v=2\""),
     SOURCE("TOK-17"), SHOULD(20102)},
    {ROW("T13", "cty-case", "cty in capitals",
         .cty = "\"cty\":\"TWILIO-FPA;V=1\""),
     SOURCE("TOK-17"), SHOULD(20102)},
    {ROW("T13", "cty-empty", "an empty cty", .cty = "\"cty\":\"\""),
     SOURCE("TOK-17"), SHOULD(20102)},
    {ROW("T13", "cty-number", "cty that is a number", .cty = "\"cty\":1"),
     SOURCE("TOK-17"), SHOULD(20102)},
    {ROW("T13", "alg-missing", "no alg", .alg = ""), SOURCE("TOK-20"),
     SHOULD(20102)},
    {ROW("T13", "alg-number", "alg that is a number", .alg = "\"alg\":256"),
     SOURCE("TOK-20"), SHOULD(20102)},
    {ROW("T13", "alg-null", "alg null", .alg = "\"alg\":null"),
     SOURCE("TOK-20"), SHOULD(20102)},
    {ROW("T13", "alg-array", "alg that is an array",
         .alg = "\"alg\":[\"HS256\"]"),
     SOURCE("TOK-20"), SHOULD(20102)},
    {ROW("T13", "alg-empty", "an empty alg", .alg = "\"alg\":\"\""),
     SOURCE("TOK-20"), SHOULD(20102)},
    {ROW("T13", "alg-hs256", "alg in small letters",
         .alg = "\"alg\":\"hs256\""),
     SOURCE("TOK-20"), SHOULD(20102)},
    {ROW("T13", "crit", "a critical header that nobody knows",
         .head = "\"crit\":[\"syn\"],\"syn\":true"),
     SOURCE("TOK-49"), SHOULD(20102)},
    {ROW("T13", "twr-number", "a region that is a number", .head = "\"twr\":1"),
     SOURCE("TOK-49"), SHOULD(20102)},

    {ROW("T14", "extra-video", "a video grant beside the sync grant",
         .others = "\"video\":{\"room\":\"r\"}"),
     SOURCE("TOK-32"), CONTROL},
    {ROW("T14", "voice", "a voice grant alone",
         OTHERS("\"voice\":{\"incoming\":{\"allow\":true}}")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "chat", "a chat grant alone",
         OTHERS("\"chat\":{\"service_sid\":\"$S\"}")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "video", "a video grant alone",
         OTHERS("\"video\":{\"room\":\"r\"}")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "capitals", "a sync grant under another spelling",
         OTHERS("\"Data_Sync\":{\"service_sid\":\"$S\"}")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "sync-outside", "a sync grant outside of the grants",
         .sync = "", .claims = "\"data_sync\":{\"service_sid\":\"$S\"}"),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "sync-string", "a sync grant that is a string", SYNC("\"$S\"")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "sync-array", "a sync grant that is an array",
         SYNC("[{\"service_sid\":\"$S\"}]")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "sync-true", "a sync grant that is true", SYNC("true")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "sync-null", "a sync grant that is null", SYNC("null")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T14", "grants-missing", "no grants", .grants = ""), SOURCE("TOK-30"),
     MUST(20106)},
    {ROW("T14", "grants-empty", "empty grants", GRANTS("{}")), SOURCE("TOK-30"),
     MUST(20106)},
    {ROW("T14", "grants-array", "grants that are an array",
         GRANTS("[{\"identity\":\"$I\",\"data_sync\":{\"service_sid\":"
                "\"$S\"}}]")),
     SOURCE("TOK-30"), MUST(20106)},
    {ROW("T14", "grants-string", "grants that are a string",
         GRANTS("\"{\\\"identity\\\":\\\"$I\\\"}\"")),
     SOURCE("TOK-30"), MUST(20106)},
    {ROW("T14", "grants-null", "grants that are null", GRANTS("null")),
     SOURCE("TOK-30"), MUST(20106)},

    {ROW("T15", "other-service", "the victim's token for another service",
         VICTIM, SERVICE("\"$s\"")),
     SOURCE("ACL-70"), CONFINE},
    {ROW("T15", "unknown-service", "a service that does not exist",
         SERVICE("\"IS5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e\"")),
     SOURCE("TOK-25"), MUST(20106)},
    {ROW("T15", "account-for-service", "the account's sid for a service",
         SERVICE("\"$A\"")),
     SOURCE("TOK-25"), MUST(20106)},
    {ROW("T15", "service-path", "a path that ends in the service",
         SERVICE("\"../$S\"")),
     SOURCE("TOK-25 TOK-49"), MUST(20106)},
    {ROW("T15", "service-blank", "a blank behind the service",
         SERVICE("\"$S \"")),
     SOURCE("TOK-25"), MUST(20106)},
    {ROW("T15", "service-wildcard", "a wildcard for a service",
         SERVICE("\"IS%\"")),
     SOURCE("TOK-25"), MUST(20106)},
    {ROW("T15", "two-services", "two services in one string",
         SERVICE("\"$S,$s\"")),
     SOURCE("TOK-25"), MUST(20106)},

    {ROW("T16", "default", "the default service by its name",
         SERVICE("\"default\"")),
     SOURCE("TOK-33"), CONFINE},
    {ROW("T16", "missing", "a sync grant without a service", SYNC("{}")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T16", "null", "a service that is null", SERVICE("null")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T16", "number", "a service that is a number", SERVICE("1")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T16", "empty", "an empty service", SERVICE("\"\"")), SOURCE("TOK-31"),
     MUST(20106)},
    {ROW("T16", "array", "an array of services", SERVICE("[\"$S\",\"$s\"]")),
     SOURCE("TOK-31"), MUST(20106)},
    {ROW("T16", "grant-twice-own-first", "two sync grants, the right one first",
         VICTIM,
         .sync = "\"data_sync\":{\"service_sid\":\"$S\"},"
                 "\"data_sync\":{\"service_sid\":\"$s\"}"),
     SOURCE("TOK-31 TOK-49"), MUST(20101)},
    {ROW("T16", "grant-twice-own-last", "two sync grants, the right one last",
         VICTIM,
         .sync = "\"data_sync\":{\"service_sid\":\"$s\"},"
                 "\"data_sync\":{\"service_sid\":\"$S\"}"),
     SOURCE("TOK-31 TOK-49"), MUST(20101)},
    {ROW("T16", "service-twice", "two services in one sync grant",
         .sync = "\"data_sync\":{\"service_sid\":\"$s\",\"service_sid\":"
                 "\"$S\"}"),
     SOURCE("TOK-31 TOK-49"), MUST(20101)},
};

SYN_FORGE_TABLE(syn_forge_claims, rows);
