// Package editor drives real editors with the language server: what counts is
// what they make of it, not what the protocol says. Where the environment
// variable HOMESTAK_EDITORS is set, as CI does, an editor that is missing is a
// failure; without it the tests say what they left out.
//
// Below it: yamlls has yaml-language-server check files with our JSON Schemas,
// and client is the protocol's other half for it.
package editor
