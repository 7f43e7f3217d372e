/*
 * limits.h - every bound of the program, with its unit and its source.
 * Layer: public.
 */
#ifndef SYN_LIMITS_H
#define SYN_LIMITS_H

/* --- Sync, as published (rest.md section 6 and 12) ----------------------- */
#define SYN_DATA_BYTES_MAX       16384    /* document, list and map item */
#define SYN_MESSAGE_BYTES_MAX    4096     /* stream message */
#define SYN_NAME_POINTS_MAX      320      /* unique names, map keys */
#define SYN_IDENTITY_POINTS_MAX  256      /* E54351 */
#define SYN_FRIENDLY_POINTS_MAX  255      /* E54053 */
#define SYN_WEBHOOK_BYTES_MAX    512      /* E54051 */
#define SYN_TTL_S_MAX            31536000 /* E54011: one year */
#define SYN_TOKEN_LIFETIME_S_MAX 86400    /* TOK-08 */
#define SYN_PAGE_SIZE_DEFAULT    50       /* REST-48 */
#define SYN_PAGE_SIZE_MAX        100      /* REST-49; up to 1000 is clamped */
#define SYN_PAGE_SIZE_ASKED_MAX  1000     /* E54454 */
#define SYN_SUBSCRIPTIONS_MAX    2000     /* per connection, E54419 */
#define SYN_BATCH_MAX            1000     /* subscriptions in one request */
#define SYN_ITEMS_MAX            1000000  /* per list or map, LIM-17 */
#define SYN_DEBOUNCE_MS_MIN      1000
#define SYN_DEBOUNCE_MS_MAX      30000
#define SYN_DEBOUNCE_MS_DEFAULT  5000

/* --- tokens --------------------------------------------------------------- */
#define SYN_TOKEN_BYTES_MAX  16384 /* ours: real ones are under 1 KiB */
#define SYN_TOKEN_NBF_SKEW_S 60    /* rest.md section 12 */

/* --- transport, ours ------------------------------------------------------ */
#define SYN_HTTP_HEAD_BYTES_MAX    32768  /* request line and headers, LIM-20 */
#define SYN_HTTP_HEADERS_MAX       100    /* header fields of one message */
#define SYN_HTTP_BODY_BYTES_MAX    262144 /* rest.md section 6: 413 20413 */
#define SYN_FRAME_BYTES_MAX        262144 /* one WebSocket message */
#define SYN_FRAME_HEADER_BYTES_MAX 65536  /* JSON header of a Twilsock frame */
#define SYN_STREAM_QUEUE_BYTES_MAX 4194304 /* unsent bytes before a drop */

/* --- base, ours ----------------------------------------------------------- */
#define SYN_JSON_BYTES_MAX        1048576
#define SYN_JSON_DEPTH_MAX        64
#define SYN_JSON_MEMBERS_MAX      65536 /* of one object */
#define SYN_JSON_DEPTH_CEILING    512   /* no rules allow more; cJSON: 1000 */
#define SYN_JSON_NUMBER_BYTES_MAX 63    /* cJSON 1.7.15 cuts longer ones */
#define SYN_CLOCK_FIRES_MAX       10000000 /* timers in one jump */
#define SYN_CLOCK_TIMERS_MAX      4194304  /* timers running at once */
#define SYN_ARENA_CHUNK_BYTES_MIN 4096
#define SYN_ARENA_CHUNK_BYTES_MAX                                             \
    65536                               /* doubling ends here; kept on rewind \
                                         */
#define SYN_TABLE_ENTRIES_MAX  16777216 /* of one table */
#define SYN_LOG_LINE_BYTES_MAX 1024
#define SYN_LOG_RING_BYTES_MAX 262144

/* --- reports (design: JUnit as CI servers read it) -------------------------
 */
#define SYN_REPORT_TEXT_BYTES_MAX 32768    /* of one element */
#define SYN_REPORT_FILE_BYTES_MAX 10485760 /* of one file */

_Static_assert(SYN_FRAME_BYTES_MAX >=
                   SYN_DATA_BYTES_MAX + SYN_FRAME_HEADER_BYTES_MAX,
               "a frame holds the largest document and its header");
_Static_assert(SYN_BATCH_MAX <= SYN_SUBSCRIPTIONS_MAX,
               "one batch fits a connection");

#endif
