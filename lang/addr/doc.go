// Package addr names the nodes of a deployment.
//
// An address is the manifest's name followed by the node's ancestors and its
// own name, joined with slashes: "n2-push/root-pve/edge". It is what a node's
// identity is made from (see plan/identity), so it is stable under every edit
// but a rename or a new parent.
//
// A Glob is a pattern of addresses, "n2-push/root-pve/**" or "web-*". Selectors
// (lang/selector) are made of them.
package addr
