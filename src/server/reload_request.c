/* reload_request: see reload_request.h. */
#include "server/reload_request.h"

#include "server/dispatch.h"

void hob_reload_request_init(struct hob_reload_request *request)
{
    *request = (struct hob_reload_request){.changes = HOB_BUFFER_INIT};
    pthread_mutex_init(&request->lock, NULL);
    pthread_cond_init(&request->changed, NULL);
}

void hob_reload_request_deinit(struct hob_reload_request *request)
{
    pthread_cond_destroy(&request->changed);
    pthread_mutex_destroy(&request->lock);
    hob_buffer_deinit(&request->changes);
}

/* ---- the thread that reloads ---- */

bool hob_server_wants_reload(struct hob_server *server)
{
    struct hob_reload_request *request = &server->reload;
    pthread_mutex_lock(&request->lock);
    bool wanted = request->state == HOB_RELOAD_WANTED;
    pthread_mutex_unlock(&request->lock);
    return wanted;
}

void hob_server_tell_reload(struct hob_server *server, const struct hob_buffer *changes,
                            const struct hob_error *error)
{
    struct hob_reload_request *request = &server->reload;
    pthread_mutex_lock(&request->lock);
    request->state = HOB_RELOAD_DONE;
    request->well = error->code == 0;
    request->error = *error;
    hob_buffer_clear(&request->changes);
    hob_buffer_put_text(&request->changes, hob_buffer_text(changes));
    pthread_cond_broadcast(&request->changed);
    pthread_mutex_unlock(&request->lock);
}

void hob_server_close_reload(struct hob_server *server)
{
    struct hob_reload_request *request = &server->reload;
    pthread_mutex_lock(&request->lock);
    request->closed = true;
    pthread_cond_broadcast(&request->changed);
    pthread_mutex_unlock(&request->lock);
}

/* ---- who asks ---- */

/* With the lock held. One at a time: each is told of a reading that began after it had asked. */
static int ask(struct hob_server *server, struct hob_buffer *changes, struct hob_error *error)
{
    struct hob_reload_request *request = &server->reload;
    while (request->state != HOB_RELOAD_NONE && !request->closed)
        pthread_cond_wait(&request->changed, &request->lock);
    if (!request->closed) {
        request->state = HOB_RELOAD_WANTED;
        server->options.wake();
    }
    while (request->state == HOB_RELOAD_WANTED && !request->closed)
        pthread_cond_wait(&request->changed, &request->lock);
    if (request->state != HOB_RELOAD_DONE)
        return hob_error_set(error, HOB_E_BUSY, "the server is being restarted or stopped");
    request->state = HOB_RELOAD_NONE;
    pthread_cond_broadcast(&request->changed);
    if (request->well)
        hob_buffer_put_text(changes, hob_buffer_text(&request->changes));
    else
        *error = request->error;
    return request->well ? 0 : request->error.code;
}

int hob_handle_reload(struct hob_call *call, struct hob_error *error)
{
    struct hob_server *server = call->server;
    HOB_AUTO(buffer) struct hob_buffer changes = HOB_BUFFER_INIT;
    int code = hob_life_check_owner(call, error);
    if (code != 0)
        return code;
    if (!server->options.reloads || server->options.wake == NULL) {
        hob_error_set(error, HOB_E_UNSUPPORTED,
                      "there is nothing to reload: the server was started without a file of "
                      "settings");
        hob_error_hint(error, "'hob config show --defaults > ~/.config/hob/hob.yml' makes one, "
                              "'hob serve --restart' reads it");
        return HOB_E_UNSUPPORTED;
    }
    pthread_mutex_lock(&server->reload.lock);
    code = ask(server, &changes, error);
    pthread_mutex_unlock(&server->reload.lock);
    if (code == 0)
        hob_buffer_printf(&call->out, "{\"status\":\"success\",\"changes\":[%s]}",
                          changes.size > 0 ? hob_buffer_string(&changes) : "");
    return code;
}
