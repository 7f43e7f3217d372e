/*
 * curl.c - one libcurl multi handle driven by the loop.
 * Layer: net. Threads: the loop's; libcurl's resolver has its own.
 *
 * libcurl asks for sockets and one timer to be watched and is told when they
 * fire. Finished calls are reported from there, never from inside a function
 * the user called; so a user may start or cancel calls in `done`.
 */
#include "net/curl.h"

#include "base/buf.h"
#include "net/curl_impl.h"
#include "net/loop_impl.h"
#include "syn/limits.h"

#include <curl/curl.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MS_PER_S               1000.
#define METHOD_BYTES           16
#define HTTP_PROXY_LOGIN       407
#define STATUS_LINES           "HTTP/"
#define HEADER_LINES_BYTES_MAX 1048576 /* of one answer, all headers */

struct syn_curl {
    struct ev_loop *ev;
    CURLM *multi;
    ev_timer timer;
    struct syn_curl_call *calls; /* running */
    struct watch *watches;       /* one per socket of libcurl */
};

struct watch {
    struct watch *next;
    struct watch *previous;
    struct syn_curl *curl;
    ev_io io;
};

struct syn_curl_call {
    struct syn_curl *curl;
    struct syn_curl_call *next;
    struct syn_curl_call *previous;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *resolves;
    const struct syn_route *route; /* NULL: none was settled */
    syn_curl_done_fn done;
    void *ctx;
    struct syn_buf request_body;
    struct syn_buf head; /* header lines of the answer, NUL-free text */
    struct syn_buf body;
    char error[CURL_ERROR_SIZE];
    char method[METHOD_BYTES];
    unsigned sent; /* how often its head has left */
};

/* Which status a libcurl code stands for; others are SYN_ERR_NET. */
struct outcome {
    CURLcode code;
    syn_status status;
};

static const struct outcome outcomes[] = {
    {CURLE_OK, SYN_OK},
    {CURLE_UNSUPPORTED_PROTOCOL, SYN_ERR_ARG},
    {CURLE_URL_MALFORMAT, SYN_ERR_ARG},
    {CURLE_OUT_OF_MEMORY, SYN_ERR_MEMORY},
    {CURLE_OPERATION_TIMEDOUT, SYN_ERR_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, SYN_ERR_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, SYN_ERR_TLS},
    {CURLE_SSL_CACERT_BADFILE, SYN_ERR_TLS},
    {CURLE_SSL_CERTPROBLEM, SYN_ERR_TLS},
    {CURLE_GOT_NOTHING, SYN_ERR_CLOSED},
    {CURLE_RECV_ERROR, SYN_ERR_CLOSED},
    {CURLE_SEND_ERROR, SYN_ERR_CLOSED},
    {CURLE_PARTIAL_FILE, SYN_ERR_CLOSED},
    {CURLE_WEIRD_SERVER_REPLY, SYN_ERR_PARSE},
    {CURLE_WRITE_ERROR, SYN_ERR_LIMIT}, /* our own bound, see take_body */
};

syn_status syn_curl_global_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? SYN_OK
                                                             : SYN_ERR_NET;
}

void syn_curl_global_fini(void)
{
    curl_global_cleanup();
}

/* --- the end of a call -----------------------------------------------------
 */

static void free_call(struct syn_curl_call *call)
{
    struct syn_curl *curl = call->curl;
    if (call->previous != NULL) {
        call->previous->next = call->next;
    } else if (curl->calls == call) { /* else it never got into the list */
        curl->calls = call->next;
    }
    if (call->next != NULL) {
        call->next->previous = call->previous;
    }
    if (call->easy != NULL) {
        (void)curl_multi_remove_handle(curl->multi, call->easy);
        curl_easy_cleanup(call->easy);
    }
    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->resolves);
    syn_buf_fini(&call->request_body);
    syn_buf_fini(&call->head);
    syn_buf_fini(&call->body);
    free(call);
}

static syn_status status_of(CURLcode code)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (outcomes[i].code == code) {
            return outcomes[i].status;
        }
    }
    return SYN_ERR_NET;
}

/* Views of the gathered header lines; those past the bound are left out. */
static size_t split_head(struct syn_str head,
                         struct syn_http_pair pairs[SYN_HTTP_HEADERS_MAX])
{
    size_t count = 0;
    size_t from = 0;
    while (from < head.bytes && count < SYN_HTTP_HEADERS_MAX) {
        size_t end = syn_str_find(head, '\n', from);
        struct syn_str line = syn_str_part(head, from, end - from);
        size_t colon = syn_str_find(line, ':', 0);
        from = end + 1;
        if (colon == line.bytes) {
            continue;
        }
        pairs[count].name = syn_str_part(line, 0, colon);
        pairs[count].value = syn_str_from(line, colon + 1);
        while (pairs[count].value.bytes > 0 &&
               pairs[count].value.at[pairs[count].value.bytes - 1] == '\r') {
            pairs[count].value.bytes--;
        }
        pairs[count].value = syn_str_trim(pairs[count].value);
        count++;
    }
    return count;
}

/*
 * libcurl sends a request again, of its own accord, when a connection from the
 * pool ends before any answer. The first copy may have been carried out, so the
 * answer to the second ("exists already", "not found") is none to what was
 * asked. Only what changes nothing may be asked twice.
 */
static bool is_doubtful(const struct syn_curl_call *call)
{
    return call->sent > 1 && strcmp(call->method, "GET") != 0;
}

/* No service answers 407: this is not a word of the target. */
static bool is_of_proxy(const struct syn_curl_call *call, long http_status)
{
    return call->route != NULL && syn_route_has_proxy(call->route) &&
           http_status == HTTP_PROXY_LOGIN;
}

static void report(struct syn_curl_call *call, CURLcode code)
{
    struct syn_http_pair pairs[SYN_HTTP_HEADERS_MAX];
    struct syn_curl_response response = {.status = status_of(code)};
    long http_status = 0;
    long dials = 0;
    curl_off_t elapsed_us = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &http_status);
    (void)curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    response.elapsed_us = elapsed_us;
    if (curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &dials) ==
        CURLE_OK) {
        response.dials = (unsigned)dials;
    }
    response.reason = "";
    if (response.status == SYN_OK && is_doubtful(call)) {
        response.status = SYN_ERR_CLOSED;
        response.reason = "the connection ended before the answer";
    } else if (is_of_proxy(call, http_status)) {
        response.status = SYN_ERR_NET;
        response.reason = "the proxy wants other credentials (407)";
    } else if (call->route != NULL && call->route->address_count == 0) {
        response.status = SYN_ERR_NET;
        response.reason = call->route->fault;
    } else if (response.status != SYN_OK) {
        response.reason =
            call->error[0] != '\0' ? call->error : curl_easy_strerror(code);
    } else {
        response.http_status = (unsigned)http_status;
        response.headers = pairs;
        response.header_count = split_head(syn_buf_str(&call->head), pairs);
        response.body = syn_buf_str(&call->body);
    }
    call->done(call->ctx, &response);
}

/* Report what has finished. Messages of libcurl die with the next call to it,
 * so each is copied before its handle is taken out. */
static void reap(struct syn_curl *curl)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(curl->multi, &left);
    while (message != NULL) {
        if (message->msg == CURLMSG_DONE) {
            char *private = NULL;
            CURLcode code = message->data.result;
            struct syn_curl_call *call = NULL;
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                                    &private);
            call = (struct syn_curl_call *)(void *)private;
            (void)curl_multi_remove_handle(curl->multi, call->easy);
            report(call, code);
            free_call(call);
        }
        message = curl_multi_info_read(curl->multi, &left);
    }
}

/* --- sockets and the timer -------------------------------------------------
 */

static void on_io(struct ev_loop *ev, ev_io *io, int events)
{
    struct watch *watch = io->data;
    struct syn_curl *curl = watch->curl;
    int bits = ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
               ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    int running = 0;
    (void)ev;
    (void)curl_multi_socket_action(curl->multi, io->fd, bits, &running);
    reap(curl);
}

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
    struct syn_curl *curl = timer->data;
    int running = 0;
    (void)ev;
    (void)events;
    (void)curl_multi_socket_action(curl->multi, CURL_SOCKET_TIMEOUT, 0,
                                   &running);
    reap(curl);
}

static int set_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct syn_curl *curl = user;
    (void)multi;
    ev_timer_stop(curl->ev, &curl->timer);
    if (timeout_ms >= 0) {
        ev_now_update(curl->ev);
        ev_timer_set(&curl->timer, (double)timeout_ms / MS_PER_S, 0.);
        ev_timer_start(curl->ev, &curl->timer);
    }
    return 0;
}

static void drop_watch(struct watch *watch)
{
    struct syn_curl *curl = watch->curl;
    ev_io_stop(curl->ev, &watch->io);
    if (watch->previous != NULL) {
        watch->previous->next = watch->next;
    } else {
        curl->watches = watch->next;
    }
    if (watch->next != NULL) {
        watch->next->previous = watch->previous;
    }
    free(watch);
}

static struct watch *add_watch(struct syn_curl *curl, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return NULL;
    }
    watch->curl = curl;
    ev_io_init(&watch->io, on_io, fd, 0);
    watch->io.data = watch;
    watch->next = curl->watches;
    if (curl->watches != NULL) {
        curl->watches->previous = watch;
    }
    curl->watches = watch;
    (void)curl_multi_assign(curl->multi, fd, watch);
    return watch;
}

static int set_watch(CURL *easy, curl_socket_t fd, int what, void *user,
                     void *socket_user)
{
    struct syn_curl *curl = user;
    struct watch *watch = socket_user;
    int events = ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0);
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            drop_watch(watch);
        }
        return 0;
    }
    watch = watch == NULL ? add_watch(curl, fd) : watch;
    if (watch == NULL) {
        return -1;
    }
    ev_io_stop(curl->ev, &watch->io);
    ev_io_set(&watch->io, fd, events);
    ev_io_start(curl->ev, &watch->io);
    return 0;
}

/* --- birth -----------------------------------------------------------------
 */

syn_status syn_curl_new(struct syn_loop *loop, struct syn_curl **out)
{
    struct syn_curl *curl = calloc(1, sizeof *curl);
    if (curl == NULL) {
        return SYN_ERR_MEMORY;
    }
    curl->ev = syn_loop_ev(loop);
    ev_init(&curl->timer, on_timer);
    curl->timer.data = curl;
    curl->multi = curl_multi_init();
    if (curl->multi == NULL) {
        free(curl);
        return SYN_ERR_NET;
    }
    (void)curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, set_watch);
    (void)curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    (void)curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    (void)curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    (void)curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS,
                            (long)SYN_CURL_CONNECTIONS_MAX);
    *out = curl;
    return SYN_OK;
}

void syn_curl_free(struct syn_curl *curl)
{
    if (curl == NULL) {
        return;
    }
    struct syn_curl_call *next_call = NULL;
    for (struct syn_curl_call *call = curl->calls; call != NULL;
         call = next_call) {
        next_call = call->next;
        free_call(call);
    }
    (void)curl_multi_cleanup(curl->multi);
    ev_timer_stop(curl->ev, &curl->timer);
    struct watch *next_watch = NULL;
    for (struct watch *watch = curl->watches; watch != NULL;
         watch = next_watch) {
        next_watch = watch->next;
        drop_watch(watch);
    }
    free(curl);
}

/* --- a call ----------------------------------------------------------------
 */

static size_t take_body(char *at, size_t size, size_t count, void *user)
{
    struct syn_curl_call *call = user;
    syn_buf_put(&call->body, (struct syn_str){at, size * count});
    return call->body.status == SYN_OK ? size * count : 0;
}

/* Each answer, interim ones included, begins with its status line. */
static size_t take_header(char *at, size_t size, size_t count, void *user)
{
    struct syn_curl_call *call = user;
    struct syn_str line = {at, size * count};
    if (syn_str_has_prefix(line, SYN_STR(STATUS_LINES))) {
        syn_buf_clear(&call->head);
    } else {
        syn_buf_put(&call->head, line);
    }
    return call->head.status == SYN_OK ? line.bytes : 0;
}

/* A head leaves in one piece or in several; the first begins with the method.
 */
static int count_heads(CURL *easy, curl_infotype kind, char *at, size_t bytes,
                       void *user)
{
    struct syn_curl_call *call = user;
    size_t length = strlen(call->method);
    (void)easy;
    if (kind == CURLINFO_HEADER_OUT && bytes > length && length > 0 &&
        memcmp(at, call->method, length) == 0 && at[length] == ' ') {
        call->sent++;
    }
    return 0;
}

static bool add_headers(struct syn_curl_call *call,
                        const struct syn_curl_request *request)
{
    bool is_good = true;
    struct syn_buf line;
    syn_buf_init(&line, NULL, SYN_CURL_FIELD_BYTES_MAX);
    for (size_t i = 0; i < request->header_count && is_good; i++) {
        const struct syn_http_pair *pair = &request->headers[i];
        struct curl_slist *longer = NULL;
        syn_buf_clear(&line);
        syn_buf_put(&line, pair->name);
        /* libcurl's spelling of a header without value ends in ';'. */
        syn_buf_put_text(&line, pair->value.bytes > 0 ? ": " : ";");
        syn_buf_put(&line, pair->value);
        syn_buf_put_byte(&line, '\0');
        /* One line each: NUL would cut it, CR or LF would make it two. */
        if (line.status == SYN_OK &&
            strcspn(line.at, "\r\n") == line.bytes - 1) {
            longer = curl_slist_append(call->headers, line.at);
        }
        is_good = longer != NULL;
        call->headers = is_good ? longer : call->headers;
    }
    syn_buf_fini(&line);
    return is_good;
}

/* Options whose values come from the request; false: libcurl refused one. */
static bool set_request(struct syn_curl_call *call,
                        const struct syn_curl_request *request)
{
    CURL *easy = call->easy;
    bool is_good =
        curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
    if (strcasecmp(request->method, "HEAD") == 0) {
        is_good &= curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    }
    if (request->body.at != NULL) {
        is_good &=
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                             (curl_off_t)request->body.bytes) == CURLE_OK;
        is_good &= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                                    call->request_body.at) == CURLE_OK;
    }
    is_good &= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) ==
               CURLE_OK;
    if (request->user != NULL) {
        is_good &= curl_easy_setopt(easy, CURLOPT_HTTPAUTH,
                                    (long)CURLAUTH_BASIC) == CURLE_OK;
        is_good &=
            curl_easy_setopt(easy, CURLOPT_USERNAME, request->user) == CURLE_OK;
        is_good &= curl_easy_setopt(easy, CURLOPT_PASSWORD,
                                    request->password == NULL
                                        ? ""
                                        : request->password) == CURLE_OK;
    }
    is_good &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                                (long)request->guard_ms) == CURLE_OK;
    is_good &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                (long)request->guard_ms) == CURLE_OK;
    is_good &=
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
                         request->fresh_connection ? 1L : 0L) == CURLE_OK;
    return is_good & syn_curl_set_route(easy, request->routes, request->url,
                                        &call->route, &call->resolves);
}

/* What never differs between calls. */
static bool set_policy(struct syn_curl_call *call)
{
    CURL *easy = call->easy;
    bool is_good =
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                         (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK;
    return is_good &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, count_heads) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_DEBUGDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers) ==
               CURLE_OK;
}

static struct syn_curl_call *new_call(struct syn_curl *curl)
{
    struct syn_curl_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return NULL;
    }
    call->curl = curl;
    syn_buf_init(&call->request_body, NULL, SYN_CURL_BODY_BYTES_MAX);
    syn_buf_init(&call->head, NULL, HEADER_LINES_BYTES_MAX);
    syn_buf_init(&call->body, NULL, SYN_JSON_BYTES_MAX);
    call->next = curl->calls;
    if (curl->calls != NULL) {
        curl->calls->previous = call;
    }
    curl->calls = call;
    return call;
}

syn_status syn_curl_start(struct syn_curl *curl,
                          const struct syn_curl_request *request,
                          syn_curl_done_fn done, void *ctx,
                          struct syn_curl_call **out)
{
    struct syn_curl_call *call = new_call(curl);
    syn_status st = SYN_ERR_MEMORY;
    if (call == NULL) {
        return SYN_ERR_MEMORY;
    }
    call->done = done;
    call->ctx = ctx;
    (void)snprintf(call->method, sizeof call->method, "%s", request->method);
    syn_buf_put(&call->request_body, request->body);
    syn_buf_put_byte(&call->request_body, '\0'); /* never a NULL pointer */
    st = call->request_body.status;
    if (st != SYN_OK) {
        goto done;
    }
    call->easy = curl_easy_init();
    if (call->easy == NULL) {
        st = SYN_ERR_MEMORY;
        goto done;
    }
    if (!add_headers(call, request) || !set_request(call, request) ||
        !set_policy(call) || !syn_curl_set_tls(call->easy, request->tls)) {
        st = SYN_ERR_ARG;
        goto done;
    }
    /* Only arms the timer: the transfer begins in a later turn. */
    if (curl_multi_add_handle(curl->multi, call->easy) != CURLM_OK) {
        st = SYN_ERR_NET;
        goto done;
    }
done:
    if (st != SYN_OK) {
        free_call(call);
    } else if (out != NULL) {
        *out = call;
    }
    return st;
}

void syn_curl_cancel(struct syn_curl_call *call)
{
    if (call != NULL) {
        free_call(call);
    }
}

struct syn_str syn_curl_header(const struct syn_curl_response *response,
                               const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (syn_str_is_equal_nocase(response->headers[i].name,
                                    syn_str_of(name))) {
            return response->headers[i].value;
        }
    }
    return (struct syn_str){NULL, 0};
}
