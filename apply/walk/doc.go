// Package walk decides when each step of a plan runs.
//
// In: steps in topological order, the width of each lane, how many may run at
// once, and a function that runs one step. Out: how each step ended. It knows
// nothing of hosts and guests, so its rules can be tested alone:
//
//   - a step starts when everything it comes after has ended well;
//   - a step holds all its locks or none, so walks cannot deadlock;
//   - of the steps that could start, the first in the plan's order does;
//   - a failure blocks what comes after it, and, unless KeepGoing, everything
//     that has not started.
//
// Vocabulary: a lane is one lock with its width, the number of steps that may
// hold it together.
package walk
