// Package lower spells out what a node of a deployment must have, as a node
// program.
//
// In: one node of the IR, with everything merged already. Out: the list of
// resources, in the order they are converged:
//
//	hostname, timezone, packages, users, passwords, authorized keys,
//	sudo, pve settings, services, fail2ban, sshd
//
// sshd comes last, so that a policy that locks people out only holds once the
// accounts it leaves open are there. It never sees a secret's value: keys and
// passwords are named. The result is a pure function of the node.
package lower
