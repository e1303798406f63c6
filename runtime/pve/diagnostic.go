package pve

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeUnreachable diag.Code = "HS0801"
	codeCertificate diag.Code = "HS0802"
	codeAuth        diag.Code = "HS0803"
	codePrivilege   diag.Code = "HS0804"
	codeParameter   diag.Code = "HS0805"
	codeRefused     diag.Code = "HS0806"
	codeLocked      diag.Code = "HS0807"
	codeProxy       diag.Code = "HS0808"
	codeTask        diag.Code = "HS0809"
	codeNotExist    diag.Code = "HS0810"
	codeExists      diag.Code = "HS0811"
	codeChanged     diag.Code = "HS0812"
	codeAnswer      diag.Code = "HS0813"
	codeVia         diag.Code = "HS0815"
	codeStillRuns   diag.Code = "HS0816"
	codeNoAgent     diag.Code = "HS0817"
	codeTransient   diag.Code = "HS0818"
)

// Diagnostic says it to a user: what was asked, and PVE's own words.
func (e *Error) Diagnostic() *diag.Diagnostic {
	d := e.byClass()
	d.Label = e.Words()
	d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("asked for %s %s", e.Method, e.Path)})
	return d
}

func (e *Error) byClass() *diag.Diagnostic {
	with := func(d *diag.Diagnostic, help string) *diag.Diagnostic {
		d.Help = help
		return d
	}
	switch e.Class() {
	case Auth:
		if e.Path == ticketPath {
			return with(codeAuth.Errorf("host %s does not accept the user and its password", e.Host),
				"check user in the host's entry, and its entry under api_passwords in secrets.yaml")
		}
		return with(codeAuth.Errorf("host %s does not accept the API token", e.Host),
			"check the host's entry under api_tokens in secrets.yaml, and that the token has not expired")
	case Privilege:
		return with(codePrivilege.Errorf("the API token of host %s may not do this", e.Host),
			"grant the privilege PVE names, at the path it names, to the token (and to its user)")
	case LockTimeout, Locked:
		return with(codeLocked.Errorf("host %s has the object locked", e.Host),
			"wait for the task that holds it (backup, clone, migration), then run again")
	case Proxy:
		return with(codeProxy.Errorf("host %s could not reach the node that should answer", e.Host),
			"check that the node is up and in the cluster, then run again: what was done is found by probing")
	case NotExist:
		return with(codeNotExist.Errorf("what was asked for does not exist on host %s", e.Host),
			"check the name in the site's files against the host")
	case Exists:
		return with(codeExists.Errorf("host %s has an object of that name or id already", e.Host),
			"plan again: the new plan takes it into account")
	case Digest:
		return with(codeChanged.Errorf("the configuration on host %s changed while it was being changed", e.Host),
			"find out who else works on this guest, then plan again")
	case NoAgent:
		return with(codeNoAgent.Errorf("the guest agent does not answer on host %s", e.Host),
			"check on the guest's console that it has booted and runs qemu-guest-agent")
	case Transient:
		return with(codeTransient.Errorf("host %s cannot answer at the moment", e.Host), "run again in a little while")
	}
	if e.Status == http.StatusBadRequest {
		return with(codeParameter.Errorf("host %s refused a parameter", e.Host),
			"correct the value in the site's files; if homestak chose it, this is a bug: please report it")
	}
	return with(codeRefused.Errorf("host %s refused", e.Host), "PVE's words above say why")
}

// Diagnostic says it to a user.
func (e *ConnError) Diagnostic() *diag.Diagnostic {
	var via *ViaError
	if errors.As(e.Err, &via) {
		return via.Diagnostic()
	}
	d := codeUnreachable.Errorf("host %s does not answer at %s", e.Host, e.Endpoint)
	d.Label = e.Err.Error()
	d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("asked for %s %s", e.Method, e.Path)})
	d.Help = "check that the host is up and that its endpoint and port in the site's hosts/ are right"
	return d
}

// Diagnostic says it to a user.
func (e *CertError) Diagnostic() *diag.Diagnostic {
	if e.Pinned == "" {
		d := codeCertificate.Errorf("the certificate of host %s is not trusted and none is pinned", e.Host)
		d.Label = fmt.Sprintf("%s shows %s", e.Endpoint, e.Served)
		d.Help = "compare this with `pvenode cert info` on the host, then pin it: `homestak host trust " + e.Host + "`"
		return d
	}
	d := codeCertificate.Errorf("host %s shows another certificate than the pinned one", e.Host)
	d.Label = fmt.Sprintf("pinned %s, %s shows %s", e.Pinned, e.Endpoint, e.Served)
	if e.Err != nil {
		d.Notes = append(d.Notes, diag.Note{Text: "and no pinned authority vouches for it: " + e.Err.Error()})
	}
	d.Help = "if its certificate was renewed, compare with `pvenode cert info` on the host and pin the new one with `homestak host trust`; if not, something stands between you and the host"
	return d
}

// Diagnostic says it to a user.
func (e *ViaError) Diagnostic() *diag.Diagnostic {
	var cert *CertError
	if errors.As(e.Err, &cert) {
		named := *cert
		named.Host = e.Via
		return named.Diagnostic()
	}
	d := codeVia.Errorf("%s cannot be reached through %s", e.Target, e.Via)
	d.Label = e.Err.Error()
	d.Help = "check the host entry's via, and that what it leads to is up"
	return d
}

// Diagnostic says it to a user.
func (e *TaskError) Diagnostic() *diag.Diagnostic {
	d := codeTask.Errorf("task %s failed on host %s", e.UPID.Type(), e.Host)
	d.Label = e.Exit
	if len(e.LogTail) > 0 {
		d.Notes = append(d.Notes, diag.Note{Text: "the task's log ends with:\n" + strings.Join(e.LogTail, "\n")})
	}
	d.Notes = append(d.Notes, diag.Note{Text: string(e.UPID)})
	d.Help = "PVE's words above say why; run again when the cause is gone: what was done is found by probing"
	return d
}

// Diagnostic says it to a user.
func (e *WaitError) Diagnostic() *diag.Diagnostic {
	d := codeStillRuns.Errorf("task %s still runs on host %s", e.UPID.Type(), e.Host)
	d.Label = e.Err.Error()
	d.Notes = append(d.Notes, diag.Note{Text: string(e.UPID)})
	d.Help = "resume the run: it takes the task up again"
	return d
}

// Diagnostic says it to a user.
func (e *FormatError) Diagnostic() *diag.Diagnostic {
	d := codeAnswer.Errorf("the answer of host %s cannot be understood", e.Host)
	d.Label = e.Err.Error()
	d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("asked for %s %s", e.Method, e.Path)})
	d.Help = "check that the endpoint is a Proxmox VE API of version 7.4 or newer; if it is, please report this"
	return d
}
