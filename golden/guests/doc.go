// Package guests tests what runs on real Linux: that a real machine and the
// lab's in-memory one are alike for homestak, and that nodes become what their
// specs say with packages truly installed.
//
// The tests need root, mmdebstrap and a Debian mirror. They run where
// HOMESTAK_GUESTS=1 says that these are there, as in CI, and say so elsewhere.
package guests
