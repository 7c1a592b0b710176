/* In a build that counts which lines run, the counts are written by exit(). A process that ends
 * with _exit() has none to write then: the linker sends those calls here (--wrap=_exit). */
void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}
