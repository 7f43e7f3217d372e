/*
 * codes.h - the published error codes, with HTTP status and text, as data.
 * Layer: wire. Threads: constants only.
 * Source: rest.md sections 5.2 and 5.3, sdk-protocol.md sections 4, 5, 8.
 */
#ifndef SYN_WIRE_CODES_H
#define SYN_WIRE_CODES_H

#include <stdbool.h>

/* X(code, HTTP status, text). Codes without an HTTP meaning carry 0. */
#define SYN_CODE_MAP(X)                                                     \
    X(20001, 400, "Invalid parameter")                                      \
    X(20003, 401, "Authenticate")                                           \
    X(20004, 405, "Method not allowed")                                     \
    X(20006, 403, "Access denied")                                          \
    X(20101, 401, "Invalid Access Token")                                   \
    X(20102, 401, "Invalid Access Token header")                            \
    X(20103, 401, "Invalid Access Token issuer/subject")                    \
    X(20104, 401, "Access Token expired or expiration date invalid")        \
    X(20105, 401, "Access Token not yet valid")                             \
    X(20106, 401, "Invalid Access Token grants")                            \
    X(20107, 401, "Invalid Access Token signature")                         \
    X(20157, 401, "Expiration Time Exceeds Maximum Time Allowed")           \
    X(20404, 404, "The requested resource was not found")                   \
    X(20409, 409, "Conflict")                                               \
    X(20413, 413, "Request entity too large")                               \
    X(20429, 429, "Too many requests")                                      \
    X(20500, 500, "Internal server error")                                  \
    X(20503, 503, "Service unavailable")                                    \
    X(51115, 401, "Invalid Access Token subject")                           \
    X(51116, 401, "Invalid Access Token header")                            \
    X(51117, 401, "Invalid Access Token signature")                         \
    X(51118, 401, "Invalid Access Token claims")                            \
    X(51119, 401, "Access Token expired")                                   \
    X(51120, 401, "Access Token not yet valid")                             \
    X(51121, 401, "Expiration Time Exceeds Maximum Time Allowed")           \
    X(51201, 429, "Too many connections")                                   \
    X(51202, 429, "Too many requests")                                      \
    X(51207, 410, "Token expired")                                          \
    X(51214, 406, "Message is not acceptable")                              \
    X(51215, 401, "Token update is not allowed")                            \
    X(51232, 308, "Update is forbidden")                                    \
    X(54003, 400, "If-Match is not a revision")                             \
    X(54006, 413, "Request entity too large")                               \
    X(54007, 403, "Access forbidden for identity")                          \
    X(54008, 400,                                                           \
      "Invalid request body: the type of one of the attributes is invalid") \
    X(54009, 429, "Rate limit exceeded")                                    \
    X(54010, 400, "At least one optional parameter expected")               \
    X(54011, 400, "Invalid TTL")                                            \
    X(54050, 404, "Service Instance not found")                             \
    X(54051, 400, "Invalid webhook URL")                                    \
    X(54053, 400, "Invalid friendly name length")                           \
    X(54056, 403, "Service belongs to another account")                     \
    X(54100, 404, "Document not found")                                     \
    X(54101, 400, "Invalid document data")                                  \
    X(54103, 412, "The revision of the Document does not match")            \
    X(54150, 404, "List not found")                                         \
    X(54151, 404, "List item not found")                                    \
    X(54155, 412, "The revision of the List item does not match")           \
    X(54156, 400, "Invalid list item data")                                 \
    X(54200, 404, "Map not found")                                          \
    X(54201, 404, "Map item not found")                                     \
    X(54205, 412, "The revision of the Map item does not match")            \
    X(54206, 400, "Invalid map item data")                                  \
    X(54208, 409, "An Item with given key already exists in the Map")       \
    X(54209, 400, "Invalid map item key")                                   \
    X(54250, 404, "Stream not found")                                       \
    X(54251, 400, "Invalid stream message data")                            \
    X(54300, 404, "Unique name not found")                                  \
    X(54301, 409, "Unique name already exists")                             \
    X(54302, 400, "Invalid unique name")                                    \
    X(54351, 400, "Invalid identity")                                       \
    X(54354, 404, "Permission not found")                                   \
    X(54419, 400, "Too many subscriptions")                                 \
    X(54450, 400, "Invalid Direction")                                      \
    X(54451, 400, "Invalid Order")                                          \
    X(54452, 400, "Invalid Bounds")                                         \
    X(54453, 400, "Invalid PageToken")                                      \
    X(54454, 400, "Invalid PageSize")                                       \
    X(54458, 400, "Invalid list item index")                                \
    X(54502, 404, "Index not found")                                        \
    X(54507, 400, "Invalid query expression")                               \
    X(54509, 400, "Too many query operators")                               \
    X(54510, 400, "Query array too long")

#define SYN_CODE_AS_ENUM(code, http, text) SYN_CODE_##code = (code),
/* 0 is "no error". */
enum syn_code { SYN_CODE_NONE = 0, SYN_CODE_MAP(SYN_CODE_AS_ENUM) };

/* The HTTP status that goes with a code; 0 for an unknown code. */
unsigned syn_code_http(enum syn_code code);

/* Its published text, never NULL. */
const char *syn_code_text(enum syn_code code);

/* Do both say the same at connect or at a request: equal, or a 20xxx and its
 * 51xxx or 2015x companion (rest.md sections 5.3 and 12). */
bool syn_code_is_equivalent(int a, int b);

#endif
