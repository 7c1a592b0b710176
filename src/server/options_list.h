/* options_list: what a server can be told, in one list: for hobd, which does it, and for
 * `hob serve`, which passes it on. */
#ifndef HOB_SERVER_OPTIONS_LIST_H
#define HOB_SERVER_OPTIONS_LIST_H

/* clang-format off */
/*    name, value in the help, may be given again, function of options.c, help */
#define HOB_SERVER_OPTIONS(X)                                                                      \
    X("host", "ADDRESS", false, set_host,                                                          \
      "listen on this address (default 127.0.0.1)")                                                \
    X("port", "PORT", false, set_port,                                                             \
      "listen on this port (default 8765); 0: any that is free; none: unix socket only")           \
    X("socket", "PATH", false, set_socket,                                                         \
      "the unix socket (default $XDG_RUNTIME_DIR/hob/hobd.sock); none for TCP only")               \
    X("root", "DIRECTORY", true, add_root,                                                         \
      "let requests use files below it, too; none: not those of the working directory")            \
    X("max-body", "SIZE", false, set_max_body,                                                     \
      "the largest request body (default 64M)")                                                    \
    X("max-file-size", "SIZE", false, set_max_file_size,                                           \
      "the largest file that is read (default 4G)")                                                \
    X("cache", "SIZE", false, set_cache,                                                           \
      "answers kept warm take at most this (default 32M); off keeps none")                         \
    X("state", "DIRECTORY", false, set_state,                                                      \
      "where sessions are kept (default $XDG_STATE_HOME/hob); none: in memory only")               \
    X("session-memory", "SIZE", false, set_session_memory,                                         \
      "sessions take at most this of memory (default 1G); others wait on the disk")                \
    X("threads", "NUMBER", false, set_threads,                                                     \
      "threads that talk to clients (default: one a core)")                                        \
    X("drain", "SECONDS", false, set_drain,                                                        \
      "how long open requests may take when the server stops (default 30)")                        \
    X("idle-timeout", "SECONDS", false, set_idle_timeout,                                          \
      "stop after so long without a request (default 0: never)")                                   \
    X("log-level", "LEVEL", false, set_log_level,                                                  \
      "error, warning (default), info or debug")                                                   \
    X("log-file", "PATH", false, set_log_file,                                                     \
      "append the log to a file instead of stderr")
/* clang-format on */

#endif
