// Package sign makes and checks what a site says about its nodes in its own
// name: which program is whose, at which generation; signals; jobs; enrollment
// tokens.
//
//	driver ── Seal(statement) ──▶ spec server ──▶ node ── Open(trust)
//	 (site's signing key)         (a courier)      (the site's public keys, from its seed)
//
// In: a statement, a key. Out: an envelope that only that key can have made, for
// that kind of statement and no other. A server that carries envelopes cannot
// change one, nor pass one off as another kind; that it repeats an old one is
// seen by its generation, which whoever opens it compares.
//
// Several keys are trusted while one follows another: a rotation overlaps.
package sign
