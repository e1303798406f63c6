package apply

import "context"

// turn is a lock that is held while somebody asks a host. Whoever waits for it
// gives up when his context ends, and time may stand still meanwhile (a mutex
// allows neither).
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wait takes the turn however long it lasts: for cleaning up.
func (t turn) wait() { t <- struct{}{} }

func (t turn) give() { <-t }
