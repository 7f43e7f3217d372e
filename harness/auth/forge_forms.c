/*
 * forge_forms.c - how it is written: T20 to T23.
 *
 * One meaning must have one spelling. The signatures here are right wherever
 * the form allows one, so that a lenient decoder would let them in.
 */
#include "auth/forge_recipe.h"

#define ROW             SYN_FORGE_ROW
#define MUST            SYN_FORGE_MUST
#define SHOULD          SYN_FORGE_SHOULD
#define LOCAL           SYN_FORGE_LOCAL
#define CONFINE         SYN_FORGE_CONFINE
#define SOURCE(clauses) .source = (clauses)

#define HEADER_BODY \
    "\"typ\":\"JWT\",\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\""
#define CLAIMS_BODY                                                   \
    "\"iat\":$[0],\"exp\":$[3600],\"iss\":\"$K\",\"sub\":\"$A\","     \
    "\"grants\":{\"identity\":\"$I\",\"data_sync\":{\"service_sid\":" \
    "\"$S\"}}"

#define DEPTH_SMALL 64
#define DEPTH_LARGE 10000
#define MEGABYTE    1048576
#define DIGITS      400
#define OVER_BYTES  14000 /* in each part: fits alone, too much together */

static const struct syn_forgery rows[] = {
    {ROW("T20", "flattened", "the token in flattened JSON serialisation",
         .edit = syn_forge_flattened),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T20", "general", "the token in general JSON serialisation",
         .edit = syn_forge_general),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T20", "braces", "the token in braces", .edit = syn_forge_braces),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T20", "quotes", "the token in quotes", .edit = syn_forge_quotes),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T20", "claims-alone", "the claims as plain JSON",
         .signing = SYN_FORGE_CLAIMS_ONLY),
     SOURCE("TOK-49 TOK-20"), MUST(20101)},

    {ROW("T21", "padding-signature", "a padded signature",
         .edit = syn_forge_pad_signature),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "padding-header", "a padded header, signed so",
         .edit_signed = syn_forge_pad_header),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "padding-payload", "a padded payload, signed so",
         .edit_signed = syn_forge_pad_payload),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "bits-signature", "spare bits set in the signature",
         .edit = syn_forge_spare_signature_bits),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "bits-header", "spare bits set in the header, signed so",
         .edit_signed = syn_forge_spare_bits),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "alphabet", "the alphabet of + and /, signed so",
         .claims = "\"x\":\"???????\"",
         .edit_signed = syn_forge_plain_alphabet),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "blank-before", "a blank in front",
         .edit = syn_forge_blank_before),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "blank-behind", "a blank behind",
         .edit = syn_forge_blank_behind),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "crlf-inside", "a line break before the signature",
         .edit = syn_forge_line_inside),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "crlf-behind", "a line break behind",
         .edit = syn_forge_line_behind),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "nul-behind", "a NUL behind", .edit = syn_forge_nul_behind),
     SOURCE("TOK-49"), SHOULD(0)},
    {ROW("T21", "dot-before", "a dot in front", .edit = syn_forge_dot_before),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "dot-behind", "a dot behind", .edit = syn_forge_dot_behind),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "fourth-part", "a fourth part", .edit = syn_forge_fourth_part),
     SOURCE("TOK-49"), SHOULD(20101)},
    {ROW("T21", "bearer", "the word Bearer in front", .edit = syn_forge_bearer),
     SOURCE("TOK-49"), SHOULD(20101)},

    {ROW("T22", "bad-byte", "a byte that is no UTF-8 in the identity",
         .identity = "\"identity\":\"$I\xff\""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "overlong", "an overlong UTF-8 form in the identity",
         .identity = "\"identity\":\"$I\xc0\xaf\""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "surrogate-bytes", "a surrogate as bytes in the identity",
         .identity = "\"identity\":\"$I\xed\xa0\x80\""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "surrogate-escape", "a lone surrogate escape in the identity",
         .identity = "\"identity\":\"$I\\ud800\""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "bad-byte-header", "a byte that is no UTF-8 in the header",
         .head = "\"kid\":\"\xff\""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "control-byte", "a raw control byte in the identity",
         .identity = "\"identity\":\"$I\x01\""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "depth-64", "64 arrays in each other among the claims",
         .claims = "\"x\":$F$G", .fill = "[", .fill_end = "]",
         .fill_count = DEPTH_SMALL),
     SOURCE("TOK-49"), CONFINE}, /* deep, and yet proper JSON */
    {ROW("T22", "depth-10k", "10,000 arrays in each other among the claims",
         .claims = "\"x\":$F$G", .fill = "[", .fill_end = "]",
         .fill_count = DEPTH_LARGE),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "depth-open", "10,000 arrays opened and never closed",
         .claims = "\"x\":$F", .fill = "[", .fill_count = DEPTH_LARGE),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "huge-number", "a claim of 400 digits", .claims = "\"x\":$F",
         .fill = "9", .fill_count = DIGITS),
     SOURCE("TOK-49"), CONFINE},
    {ROW("T22", "huge-exp", "an exp of 400 digits", .exp = "\"exp\":$F",
         .fill = "9", .fill_count = DIGITS),
     SOURCE("TOK-29 TOK-49"), MUST(0)},
    {ROW("T22", "leading-zero", "a number with a zero in front",
         .exp = "\"exp\":0$[3600]"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "trailing-comma", "a comma behind the last claim",
         .payload = "{" CLAIMS_BODY ",}"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "trailing-text", "a second object behind the claims",
         .payload = "{" CLAIMS_BODY "}{\"identity\":\"$V\"}"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "comment", "a comment among the claims",
         .payload = "{/* */" CLAIMS_BODY "}"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "byte-order-mark", "a byte order mark before the claims",
         .payload = "\xef\xbb\xbf{" CLAIMS_BODY "}"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "payload-array", "claims within an array",
         .payload = "[{" CLAIMS_BODY "}]"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "payload-word", "a word for claims", .payload = "null"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "payload-empty", "no claims at all", .payload = ""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "payload-cut", "claims cut off in the middle",
         .payload = "{\"iss\":\"$K\""),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "header-array", "a header within an array",
         .header = "[{" HEADER_BODY "}]"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "header-no-json", "a header that is no JSON",
         .header = "{typ:JWT,alg:HS256}"),
     SOURCE("TOK-49"), MUST(20101)},
    {ROW("T22", "header-empty", "an empty header", .header = ""),
     SOURCE("TOK-49"), MUST(20101)},

    {ROW("T23", "1-mb-claim", "a claim of a megabyte in a right token",
         .claims = "\"x\":\"$F\"", .fill = "x", .fill_count = MEGABYTE),
     SOURCE("TOK-49"), LOCAL(0)},
    {ROW("T23", "1-mb-identity", "an identity of a megabyte",
         .identity = "\"identity\":\"$F\"", .fill = "x",
         .fill_count = MEGABYTE),
     SOURCE("TOK-49 TOK-44"), LOCAL(0)},
    {ROW("T23", "1-mb-header", "a header of a megabyte", .head = "\"x\":\"$F\"",
         .fill = "x", .fill_count = MEGABYTE),
     SOURCE("TOK-49"), LOCAL(0)},
    {ROW("T23", "1-mb-garbage", "a megabyte without a dot", .token = "$F",
         .fill = "A", .fill_count = MEGABYTE),
     SOURCE("TOK-49"), LOCAL(0)},
    {ROW("T23", "1-mb-dots", "a megabyte of dots", .token = "$F", .fill = ".",
         .fill_count = MEGABYTE),
     SOURCE("TOK-49"), LOCAL(0)},
    /* No public bound lies between 1 KB and this; a service may take it. */
    {ROW("T23", "37-kb", "a right token of 37 KB", .head = "\"x\":\"$F\"",
         .claims = "\"x\":\"$F\"", .fill = "x", .fill_count = OVER_BYTES),
     SOURCE("TOK-49"), .level = SYN_LEVEL_MUST, .fate = SYN_FORGE_CONFINED},
};

SYN_FORGE_TABLE(syn_forge_forms, rows);
