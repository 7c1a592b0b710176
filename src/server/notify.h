/* notify: what a service manager is told (systemd's sd_notify, without its library). */
#ifndef HOB_SERVER_NOTIFY_H
#define HOB_SERVER_NOTIFY_H

/* Sends a state such as "READY=1" to $NOTIFY_SOCKET; nothing without one. Never waits. */
void hob_notify(const char *state);

#endif
