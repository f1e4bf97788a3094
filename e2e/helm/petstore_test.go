package helm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render"
)

// TestOverlayIsSafe: an overlay that reaches the cluster, as nobody ran the
// post-renderer, is for the API's pods only and does not isolate ingress.
func TestOverlayIsSafe(t *testing.T) {
	for _, named := range []bool{false, true} {
		r := install(t, load(t, petstorePath), "shop", sidecar(values{"networkPolicy": values{"namedByRelease": named}}))
		overlay, target := r.policies["petstore-backends"], r.policies["proxy-allow"]
		if named {
			target = r.policies["shop-proxy-allow"]
		}
		require.Len(t, r.policies, 2)
		require.Equal(t, map[string]string{merge.IntoAnnotation: target.Name}, overlay.Annotations)
		require.Equal(t, target.Spec.PodSelector, overlay.Spec.PodSelector)
		require.Equal(t, []networkingv1.PolicyType{"Egress"}, overlay.Spec.PolicyTypes)
		require.Empty(t, overlay.Spec.Ingress)
		require.Len(t, overlay.Spec.Egress, 2)

		requireSelects(t, &overlay.Spec.PodSelector, r.pod(t).Labels)
		for _, others := range []map[string]string{{}, {"app": "orders"}, r.tests["shop-test"].Labels} {
			require.False(t, selects(t, &overlay.Spec.PodSelector, others), "%v", others)
		}
	}
}

// TestReleasesInOneNamespace: with policies that are named by the release, two
// petstores share no object and no pod, and each overlay finds its own policy.
func TestReleasesInOneNamespace(t *testing.T) {
	with := sidecar(values{"networkPolicy": values{"namedByRelease": true}})
	blue, green := install(t, load(t, petstorePath), "blue", with), install(t, load(t, petstorePath), "green", with)
	require.Len(t, blue.labels, 7)
	delete(blue.labels, "NetworkPolicy petstore-backends") // never reaches the cluster
	for object := range blue.labels {
		require.NotContains(t, green.labels, object)
	}
	pods, policy := green.deployments["green"].Spec.Template.Labels, blue.policies["blue-proxy-allow"]
	requireSelects(t, &policy.Spec.PodSelector, blue.deployments["blue"].Spec.Template.Labels)
	require.False(t, selects(t, &policy.Spec.PodSelector, pods))
	require.False(t, selects(t, &metav1.LabelSelector{MatchLabels: blue.services["blue"].Spec.Selector}, pods))
	require.False(t, selects(t, blue.deployments["blue"].Spec.Selector, pods))

	for _, r := range []release{blue, green} {
		merged, err := (&render.Renderer{}).Run(bytes.NewBufferString(r.stream))
		require.NoError(t, err)
		require.NotContains(t, merged.String(), merge.IntoAnnotation)
		require.Equal(t, 2, strings.Count(merged.String(), "# from petstore-backends"))
	}
}

// TestSidecarsInOneChart: two aliases share no object and no pod.
func TestSidecarsInOneChart(t *testing.T) {
	orders := ordersChart(t, "front")
	orders.Metadata.Dependencies = append(orders.Metadata.Dependencies,
		&chart.Dependency{Name: "http-sidecar", Version: "0.1.0", Alias: "back"})
	r := install(t, orders, "shop", values{"back": values{
		"app": "payments", "name": "payments", "networkPolicy": values{"name": "payments-proxy-allow"},
	}})
	require.Contains(t, r.configs, "shop-sidecar-config")
	require.Contains(t, r.configs, "payments-sidecar-config")
	front, back := r.policies["proxy-allow"], r.policies["payments-proxy-allow"]
	requireSelects(t, &front.Spec.PodSelector, r.pod(t).Labels)
	require.False(t, selects(t, &back.Spec.PodSelector, r.pod(t).Labels))
	require.Equal(t, map[string]string{"app": "payments"}, back.Spec.PodSelector.MatchLabels)
}

// TestWithoutSidecar: the API is reached directly, and there is nothing that an
// overlay could be merged into.
func TestWithoutSidecar(t *testing.T) {
	r := install(t, load(t, petstorePath), "shop", sidecar(values{"enabled": false}))
	require.Empty(t, r.policies)
	pod := r.pod(t)
	require.Len(t, pod.Spec.Containers, 1)
	api := pod.Spec.Containers[0]
	opens, err := readServer(typed[values](t, r.mounted(t, pod, api)["/config/server.yml"]), "").bind()
	require.NoError(t, err)
	require.Equal(t, listener{"http", "0.0.0.0", 8081}, opens)
	require.EqualValues(t, 8081, portOf(t, api, r.services["shop"].Spec.Ports[0].TargetPort))
	require.EqualValues(t, 8081, portOf(t, api, api.ReadinessProbe.TCPSocket.Port))
	requireSelects(t, &metav1.LabelSelector{MatchLabels: r.services["shop"].Spec.Selector}, pod.Labels)
	require.Contains(t, r.notes, "http://shop.default:8081")
}

// TestChartTest: helm test connects to the Service, at the port on which the
// sidecar listens, from a pod that is none of the API's.
func TestChartTest(t *testing.T) {
	for want, with := range map[string]values{
		"8080": {},
		"9445": valuesIn(t, petstorePath+contract),
		"8081": sidecar(values{"enabled": false}),
	} {
		r := install(t, load(t, petstorePath), "shop", with)
		pod := r.tests["shop-test"]
		require.Equal(t, "test", pod.Annotations["helm.sh/hook"])
		require.Equal(t, []string{"nc", "-z", "-w", "10", "shop", want}, pod.Spec.Containers[0].Command)
		require.False(t, selects(t, &metav1.LabelSelector{MatchLabels: r.services["shop"].Spec.Selector}, pod.Labels))
	}
}

func TestNotes(t *testing.T) {
	notes := install(t, load(t, petstorePath), "shop", values{}).notes
	for _, text := range []string{"http://shop.default:8080\n", "NetworkPolicy proxy-allow", "--post-renderer netpol-merge", "helm test shop"} {
		require.Contains(t, notes, text)
	}
	notes = install(t, load(t, petstorePath), "shop", valuesIn(t, petstorePath+contract)).notes
	require.Contains(t, notes, "https://shop.default:9445\n  http://shop.default:9080\n")
	notes = install(t, load(t, sidecarPath), "shop", valuesIn(t, sidecarPath+contract)).notes
	for _, text := range []string{"TCP 9445 (sidecar-https) and TCP 9080 (sidecar-http)", `{"app":"api"}`, "shop-bootstrap", "https://light-config-server:8435", "http://127.0.0.1:8080"} {
		require.Contains(t, notes, text)
	}
}

// TestLabels: all that the charts render has the labels that Helm's guide asks for,
// and the policy those of the mission.
func TestLabels(t *testing.T) {
	r := install(t, load(t, petstorePath), "shop", values{})
	require.Len(t, r.labels, 7)
	delete(r.labels, "NetworkPolicy petstore-backends") // never reaches the cluster
	for object, labels := range r.labels {
		require.Equal(t, "shop", labels["app.kubernetes.io/instance"], object)
		require.Equal(t, "lightapi", labels["app.kubernetes.io/part-of"], object)
		require.Equal(t, "Helm", labels["app.kubernetes.io/managed-by"], object)
		require.NotEmpty(t, labels["app.kubernetes.io/component"], object)
		if object != "Pod shop-test" {
			require.Equal(t, "petstore", labels["app"], object)
			require.Equal(t, "petstore", labels["app.kubernetes.io/name"], object)
		}
	}
	numbers := install(t, load(t, petstorePath), "1", sidecar(values{"app": "2", "networkPolicy": values{"name": "3"}}))
	require.Contains(t, numbers.stream, `app: "2"`)
	require.NotRegexp(t, `(?m)(app|name|instance|into): \d+$`, numbers.stream, "text, not a number")
}

// TestRefusedValues: values that are misspelt, and those with which the sidecar
// would not start or not be reached.
func TestRefusedValues(t *testing.T) {
	server := func(http, https bool, backend int) values {
		return values{"server": values{"enableHttp": http, "enableHttps": https}, "backendPort": backend}
	}
	samePort := valuesIn(t, sidecarPath+contract)
	samePort["server"].(values)["httpPort"] = 9445
	backend := valuesIn(t, sidecarPath+contract)
	backend["backendPort"] = 9080
	for i, c := range []struct {
		values values
		want   string
	}{
		{values{"replica": 3}, "additional properties 'replica' not allowed"},
		{values{"replicas": "3"}, "got string, want integer"},
		{values{"egres": []any{}}, "additional properties 'egres' not allowed"},
		{values{"egress": []any{values{"port": 5432}}}, "additional properties 'port' not allowed"},
		{values{"egress": []any{values{"ports": []any{values{"prot": 5432}}}}}, "additional properties 'prot' not allowed"},
		{values{"egress": []any{values{"to": []any{values{"ipblock": values{}}}}}}, "additional properties 'ipblock' not allowed"},
		{values{"http-sidecars": values{}}, "additional properties 'http-sidecars' not allowed"},
		{sidecar(values{"sever": values{}}), "additional properties 'sever' not allowed"},
		{sidecar(values{"enabled": "false"}), "got string, want boolean"},
		{sidecar(values{"server": values{"httpport": 1}}), "additional properties 'httpport' not allowed"},
		{sidecar(values{"config": values{"server.httpPort": 1}}), "invalid propertyName 'server.httpPort'"},
		{sidecar(values{"config": values{"proxy.hosts": ""}}), "invalid propertyName 'proxy.hosts'"},
		{sidecar(values{"networkPolicy": values{"ingressFrom": []any{}}}), "minItems"},
		{sidecar(server(false, false, 8081)), "both false: light-4j stops"},
		{sidecar(server(true, true, 8081)), "both true: light-4j would open the HTTPS port only"},
		{sidecar(server(true, false, 8080)), "backendPort 8080 is a port of the sidecar"},
		{sidecar(server(false, true, 9445)), "backendPort 9445 is a port of the sidecar"},
		{sidecar(backend), "backendPort 9080 is a port of the sidecar"},
		{sidecar(samePort), "are both 9445"},
		{sidecar(values{"configServer": values{"enabled": true}}), "configServer.serviceId"},
	} {
		_, err := tryInstall(t, load(t, petstorePath), "shop", c.values)
		require.ErrorContains(t, err, c.want, fmt.Sprint(i))
	}
	_, err := tryInstall(t, load(t, petstorePath), "shop", sidecar(server(true, false, 9445)))
	require.NoError(t, err, "HTTPS is off")
}
