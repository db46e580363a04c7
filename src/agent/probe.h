// The acceptance probe: what the assigned hardware gives, measured as the tenant inside its limits.
// A program of its own (`freehold probe`), because it takes every CPU that it may use.
#pragma once

namespace freehold::agent {

// argv: `freehold probe cpu|memory-bandwidth --seconds S`. Prints
// {"test":…,"value":…,"perCpuSecond":…,"unit":…,"threads":N}, per second of time and of CPU time:
// operations (cpu; the operation is a chain of dependent integer and floating-point steps, a unit
// of its own) or bytes of a triad (memory-bandwidth; McCalpin's STREAM counts 24 bytes a step).
int probe_main(int argc, char** argv);

}  // namespace freehold::agent
