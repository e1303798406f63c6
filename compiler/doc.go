// Package compiler turns a site into the typed result everything else is made
// from.
//
//	site directory ─ Load ─→ Site ─ Compile(manifest) ─→ ir.Deployment
//
// Compile is one visible list of stages, each a function of its own file:
//
//	expand    evaluate variables, locals and expressions; multiply nodes by
//	          count and for_each; put in the nodes of modules; lift nested
//	          nodes to their parents
//	name      what every node is called, and from where
//	decode    read the tree into declarations, strictly, by lang/schema
//	resolve   turn names into the things they name: specs, presets, postures,
//	          images, hosts, parents, dependencies, peers
//	effect    merge defaults, library, site, spec, posture, preset and node into
//	          effective values that know their layer
//	check     what no single field can be wrong about: cycles, clashes, sizes,
//	          subnets, modes, the pattern of the graph
//	lower     write the deployment in its deterministic order
//
// In: a file system with the user's files, and the embedded library. Out: the
// deployment and every finding at once. A value that was reported is marked bad
// and silences what would follow from it, so one mistake gives one diagnostic.
//
// A site that is being edited is loaded by Reload and checked by Checks, which
// give what Load and Check would and do again only what a change made stale.
//
// Vocabulary: a declaration is what a user wrote, decoded; an effective value is
// what holds after all layers; a definition is a named thing a manifest refers
// to (spec, preset, posture, image, host), one file or HCL block each.
//
// A place is where nodes are declared and their names mean something: the
// manifest, an instance of a multiplied node, an instance of a module. A module
// is a file with variables, locals and nodes; it sees what it is given and
// nothing of who uses it. Its files are read with the site, so their names are
// plain text; what they are given is checked where they are used, and what is
// wrong inside is shown inside, with a note of where the module is used.
//
// It never talks to a host, never keeps the value of a secret (names only), and
// gives the same result for the same bytes on every machine.
package compiler
