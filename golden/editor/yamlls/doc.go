// Package yamlls drives yaml-language-server, which most editors' YAML support
// is made of, with the JSON Schemas that `homestak schema` prints: nothing on
// good files, the right line on bad ones.
//
// HOMESTAK_EDITORS=1 says that Node.js and npm are there, as in CI, and makes it
// a failure if they are not; without it the tests say what they left out. The
// server is installed from package-lock.json into the user's cache directory.
// A line of testdata that ends in "# refused: TEXT" has exactly one finding,
// with that text in it; every other line has none.
package yamlls
