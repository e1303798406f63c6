package diag

// HS0631–HS0639, HS0710–HS0719, HS0977–HS0979: whose a guest is, and how it becomes another's.
var identityCodes = []Entry{
	{"HS0631", "guest cannot be adopted", `To adopt a guest is to write a node's marks on it, so that homestak plans for it from then on. That is refused when the node has a guest
already, when the guest is another node's or another site's, when it is a template, or when it is of another kind than the node declares (type vm or ct). The message says which of them it is and what to do first.`},
	{"HS0632", "node cannot have had that name", `renamed_from says that a node is the one that had another name, so that its guest is kept. The manifest cannot have a node of the old name at the same time
as long as the guest carries it, and two nodes cannot both have been one. Remove renamed_from where it does not belong, or the old node. Once the guest has its new name, renamed_from has no effect, and a new node may take the old one.`},
	{"HS0633", "nothing to forget", `To forget a guest is to take homestak's marks from it and leave it as it is. The address names no guest that carries its marks on the hosts that were asked, or a host
whose children are still in it and would become unreachable. See what there is with "homestak status", and forget children before their parent.`},
	{"HS0710", "adopted guest is not as declared", `The guest that is adopted differs from what the manifest declares for its node. Adopting writes marks and changes nothing else, so that nothing
happens to a machine you love by accident; the next plan shows each difference as a change, with what it costs. To keep the guest as it is, write what it has into the manifest; "homestak import" does that for you.`},
	{"HS0711", "forgotten node is still declared", `The guest is given up, and the manifest still declares its node. homestak does not make a second guest of one name and one uuid beside the first, so plans of the manifest
are refused from now on. Take the node out of the manifest, or adopt the guest again.`},
	{"HS0712", "guest was moved to another cluster node", `The guest is on another node of its cluster than the host that the manifest names: an administrator or HA moved it. Its place is a fact and not a
difference, so it stays there, and homestak works on it through the host that it knows. Say placement: {pin: true} to have it brought back.`},
	{"HS0977", "the file to import into exists", `"homestak import --write" makes a new manifest and never changes one that is there, because a manifest is written by people. Name another
file, or move the old one away. To take guests into a manifest that exists, import them into a new one and copy the nodes.`},
	{"HS0978", "nothing to import", `No guest of the host was chosen, or all that were chosen cannot be imported: they are homestak's already, belong to another site, or are templates; each is named
above with its reason. Without --select every guest of the host is looked at; a pattern is one of names, as in web-*.`},
	{"HS0979", "no lease to break", `A lease keeps two runs from writing to one manifest at once. None was found for the manifest on the hosts that were asked, so nobody is in the way there: a run
that is refused all the same was refused for another reason. "homestak lock status" lists every lease on a host, with who holds it and until when.`},
}
