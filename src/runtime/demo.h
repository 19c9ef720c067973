// `laterd demo`: the main job in one process, on an embedded broker, with records produced all the while.
#pragma once

namespace laterd::runtime {

// Like run, but without a table of the user's: returns the exit code. Ends by itself after 20 s or at a signal;
// `serve` goes on until a signal and prints how to try it from another terminal. The view goes to stdout.
int demo(bool serve);

}  // namespace laterd::runtime
