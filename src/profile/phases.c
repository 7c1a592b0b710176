/* phases: see phases.h. */
#include "profile/phases.h"

static const struct {
    const char *name, *meaning;
} names[HOB_PHASE_COUNT] = {
    [HOB_PHASE_START] = {"process start", "fork and exec, until the program exists"},
    [HOB_PHASE_LAUNCHER] = {"launcher", "what ran before the interpreter: a wrapper, a shim"},
    [HOB_PHASE_INTERPRETER] = {"interpreter start", "until Python was ready for the program"},
    [HOB_PHASE_IMPORTS] = {"imports", "modules that the program imported"},
    [HOB_PHASE_CONFIGURATION] = {"configuration", "parsing JSON, YAML, TOML and INI"},
    [HOB_PHASE_WORK] = {"work", "what is left: the program itself"},
    [HOB_PHASE_EXIT] = {"exit", "from the end of the program to the end of the process"},
};

const char *hob_phase_name(enum hob_phase_kind kind)
{
    return names[kind].name;
}

const char *hob_phase_meaning(enum hob_phase_kind kind)
{
    return names[kind].meaning;
}

const char *hob_rival_name(enum hob_rival_kind kind)
{
    static const char *const rivals[HOB_RIVAL_COUNT] = {
        [HOB_RIVAL_NATIVE] = "native",
        [HOB_RIVAL_WARM_EXEC] = "warm exec",
        [HOB_RIVAL_WARM_CALL] = "warm call",
    };
    return rivals[kind];
}

const struct hob_mark *hob_mark_of(const struct hob_follow_process *process,
                                   const struct hob_mark *marks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (marks[i].pid == process->pid && marks[i].ready >= hob_milliseconds(process->start) &&
            marks[i].ready <= hob_milliseconds(process->end))
            return &marks[i];
    return NULL;
}

/* The part between two moments; clocks of two processes may differ by a little. */
static double between(double start, double end)
{
    return end > start ? end - start : 0;
}

/* The exec that made it a Python: later ones may have made it something else. */
static double exec_before(const struct hob_follow_process *process, double moment)
{
    double exec = hob_milliseconds(process->start);
    for (size_t i = 0; i < process->image_count; i++)
        if (hob_milliseconds(process->images[i].start) <= moment)
            exec = hob_milliseconds(process->images[i].start);
    return exec;
}

static void divide(struct hob_phases *phases, const struct hob_follow_process *command,
                   const struct hob_follow_process *python, const struct hob_mark *mark)
{
    double first = hob_milliseconds(command->images[0].start), end = hob_milliseconds(command->end);
    double exec = exec_before(python, mark->ready);
    double over = mark->ended ? mark->end : hob_milliseconds(python->end);
    phases->known = true;
    phases->interpreter = mark->interpreter;
    phases->spent[HOB_PHASE_LAUNCHER] = between(first, exec);
    phases->spent[HOB_PHASE_INTERPRETER] = between(exec, mark->ready);
    phases->spent[HOB_PHASE_IMPORTS] = mark->imports;
    phases->spent[HOB_PHASE_CONFIGURATION] = mark->configuration;
    phases->spent[HOB_PHASE_WORK] =
        between(mark->ready + mark->imports + mark->configuration, over);
    phases->spent[HOB_PHASE_EXIT] = between(over, end);
}

static void take_memory(struct hob_phases *phases, const struct hob_follow *follow,
                        const struct hob_follow_process *main_process)
{
    struct hob_profile_memory *memory = &phases->memory;
    for (size_t i = 0; i < follow->count; i++)
        if (follow->processes[i].peak > memory->peak)
            memory->peak = follow->processes[i].peak;
    memory->resident = main_process->resident;
    memory->shared = main_process->shared;
    memory->private_memory = main_process->private_memory;
    memory->proportional = main_process->proportional;
    memory->known = memory->resident > 0;
}

void hob_phases_tell(struct hob_phases *phases, const struct hob_follow *follow,
                     const struct hob_mark *marks, size_t count)
{
    const struct hob_follow_process *command = &follow->processes[0], *python = NULL;
    const struct hob_mark *mark = NULL;
    *phases = (struct hob_phases){0};
    for (size_t i = 0; i < follow->count; i++) {
        const struct hob_follow_process *process = &follow->processes[i];
        const struct hob_mark *told = hob_mark_of(process, marks, count);
        if (told == NULL)
            continue;
        phases->pythons++;
        if (python == NULL || process->end - process->start > python->end - python->start) {
            python = process;
            mark = told;
        }
    }
    double start = hob_milliseconds(command->start);
    double first = command->image_count > 0 ? hob_milliseconds(command->images[0].start) : start;
    phases->spent[HOB_PHASE_START] = between(start, first);
    if (python != NULL && command->image_count > 0)
        divide(phases, command, python, mark);
    else
        phases->spent[HOB_PHASE_WORK] = between(first, hob_milliseconds(command->end));
    for (int i = 0; i < HOB_PHASE_COUNT; i++)
        phases->whole += phases->spent[i];
    take_memory(phases, follow, python != NULL ? python : command);
}
