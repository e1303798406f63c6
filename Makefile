.PHONY: test race bench fuzz soak demo build update

build:            ## the binary, with its version stamped
	go build -trimpath -buildvcs=auto -o homestak .

test:             ## what README says
	go test ./...

race:             ## the same with the race detector, in random order
	go test -race -shuffle=on ./...

bench:            ## one table; see BENCHMARKS.md
	go run ./golden/bench

fuzz:             ## every fuzz target, FUZZTIME each (default 10m)
	./golden/fuzz.sh $(or $(FUZZTIME),10m)

soak:             ## all seeds of property and fault tests
	HOMESTAK_SOAK=1 go test -count=1 -timeout 3h ./...

demo:             ## README's first command
	go run . test -M n2-push -H lab --site examples/homelab

update:           ## rewrite every golden
	go test ./... -update
	UPDATE_DEPS=1 go test ./golden/house
