/*
 * status.h - the one error code of the program.
 * Layer: public. Threads: none needed.
 *
 * A syn_status tells what went wrong with the world or with a call's input.
 * It never carries a verdict about the service under test (scenario.h does),
 * nor a fault of our own (SYN_ASSERT does). 0 is success.
 */
#ifndef SYN_STATUS_H
#define SYN_STATUS_H

#define SYN_STATUS_MAP(X)                           \
    X(OK, "success")                                \
    X(ERR_ARG, "argument out of range")             \
    X(ERR_LIMIT, "configured limit reached")        \
    X(ERR_MEMORY, "out of memory")                  \
    X(ERR_PARSE, "input cannot be parsed")          \
    X(ERR_IO, "input or output failed")             \
    X(ERR_NET, "connection failed")                 \
    X(ERR_TLS, "TLS failed")                        \
    X(ERR_CLOSED, "peer closed the connection")     \
    X(ERR_TIMEOUT, "deadline passed")               \
    X(ERR_CRYPTO, "cryptographic operation failed") \
    X(ERR_STORE, "database failed")                 \
    X(ERR_CONFIG, "configuration is not valid")     \
    X(ERR_NOT_FOUND, "no such thing")               \
    X(ERR_EXISTS, "exists already")                 \
    X(ERR_REFUSED, "refused by a safety rule")      \
    X(ERR_INTERRUPTED, "interrupted")

#define SYN_STATUS_AS_ENUM(name, text) SYN_##name,
typedef enum { SYN_STATUS_MAP(SYN_STATUS_AS_ENUM) SYN_STATUS_COUNT } syn_status;

/* The compiler warns when a status is dropped. */
#define SYN_MUST_CHECK __attribute__((warn_unused_result))

/* A format string with its arguments, checked by the compiler. */
#define SYN_PRINTF(format_index, first_index) \
    __attribute__((format(printf, format_index, first_index)))

/* Sentence fragment for a status, never NULL; static storage. */
const char *syn_status_text(syn_status status);

/*
 * Always compiled in: a broken promise of ours aborts this process. The runner
 * turns that into an `error` verdict with the transcript (style: 2.4).
 */
#define SYN_ASSERT(condition) \
    ((condition) ? (void)0 : syn_assert_failed(#condition, __FILE__, __LINE__))

/* Write the broken condition to stderr and abort. */
_Noreturn void syn_assert_failed(const char *condition, const char *file,
                                 int line);

#endif
