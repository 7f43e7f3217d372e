/*
 * result.h - what a row proved: verdicts, levels, subjects.
 * Layer: public. Threads: values. Source: design section 7.
 */
#ifndef SYN_RESULT_H
#define SYN_RESULT_H

/* X(name, word). The order is that of the summary line. */
#define SYN_VERDICT_MAP(X)                                                \
    X(PASS, "pass")                                                       \
    X(FAIL, "fail")                 /* the target is wrong */             \
    X(WARNING, "warning")           /* a SHOULD is broken */              \
    X(INFO, "info")                 /* observed, not judged */            \
    X(SKIPPED, "skipped")           /* something needed is absent */      \
    X(INCONCLUSIVE, "inconclusive") /* the world failed, after retries */ \
    X(XFAIL, "xfail")               /* failed as the baseline expects */  \
    X(XPASS, "xpass")               /* passed against the baseline */     \
    X(ERROR, "error")               /* we are wrong: exit 70 */
#define SYN_VERDICT_AS_ENUM(name, word) SYN_VERDICT_##name,
enum syn_verdict { SYN_VERDICT_MAP(SYN_VERDICT_AS_ENUM) SYN_VERDICT_COUNT };

enum syn_level {
    SYN_LEVEL_MUST,
    SYN_LEVEL_SHOULD,
    SYN_LEVEL_INFO,
    SYN_LEVEL_COUNT
};

/* Who is judged by a row. */
#define SYN_SUBJECT_MAP(X)  \
    X(SERVICE, "service")   \
    X(ISSUER, "issuer")     \
    X(RECEIVER, "receiver") \
    X(CLIENT, "client")     \
    X(AUDIT, "audit")
#define SYN_SUBJECT_AS_ENUM(name, word) SYN_SUBJECT_##name,
enum syn_subject { SYN_SUBJECT_MAP(SYN_SUBJECT_AS_ENUM) SYN_SUBJECT_COUNT };

const char *syn_verdict_name(enum syn_verdict verdict);
const char *syn_level_name(enum syn_level level); /* "MUST", … */
const char *syn_subject_name(enum syn_subject subject);

#endif
