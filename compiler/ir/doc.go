// Package ir is the typed result of compiling one manifest: what machines
// should exist, how they relate and what each should become.
//
// In: nothing but values put here by the compiler. Out: a Deployment with
// effective values only. Every default, preset, posture and mode is already
// merged, and each value knows which layer it came from (Value.From). Slices
// are in a deterministic order and there are no maps, so everything made from
// a Deployment is deterministic too. The package imports no other stage.
package ir
