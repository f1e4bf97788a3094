package helm

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// listener is where a light-4j server accepts connections.
type listener struct {
	scheme, address string
	port            int
}

// serverOptions are the keys of light-4j's server.yml that decide on the listener, with
// its defaults.
type serverOptions struct {
	enableHTTP, enableHTTPS any
	httpPort, httpsPort     any
	ip                      any
}

// readServer reads server.* keys as light-4j does. The prefix is "server." in
// values.yml, and empty in server.yml.
func readServer(file values, prefix string) serverOptions {
	or := func(key string, byDefault any) any {
		if value, ok := file[prefix+key]; ok {
			return value
		}
		return byDefault
	}
	return serverOptions{
		enableHTTP: or("enableHttp", false), enableHTTPS: or("enableHttps", true),
		httpPort: or("httpPort", 8080.0), httpsPort: or("httpsPort", 8443.0),
		ip: or("ip", "0.0.0.0"),
	}
}

// bind does what light-4j's Server.bind does: it opens one listener, HTTPS before
// HTTP, and stops if both are off.
func (o serverOptions) bind() (listener, error) {
	number := func(value any) int { return int(value.(float64)) }
	switch {
	case o.enableHTTPS == true:
		return listener{"https", fmt.Sprint(o.ip), number(o.httpsPort)}, nil
	case o.enableHTTP == true:
		return listener{"http", fmt.Sprint(o.ip), number(o.httpPort)}, nil
	}
	return listener{}, errors.New("unable to start the server as both http and https are disabled")
}

func TestBindIsLight4j(t *testing.T) {
	for text, want := range map[string]listener{
		`{}`:                         {"https", "0.0.0.0", 8443},
		`{server.enableHttp: true}`:  {"https", "0.0.0.0", 8443},
		`{server.enableHttps: true}`: {"https", "0.0.0.0", 8443},
		`{server.enableHttps: false, server.enableHttp: true}`:                        {"http", "0.0.0.0", 8080},
		`{server.enableHttps: false, server.enableHttp: true, server.httpPort: 9080}`: {"http", "0.0.0.0", 9080},
	} {
		got, err := readServer(typed[values](t, text), "server.").bind()
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	_, err := readServer(typed[values](t, `{server.enableHttps: false}`), "server.").bind()
	require.Error(t, err)
}
