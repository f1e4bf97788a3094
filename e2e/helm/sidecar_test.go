package helm

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	sidecarPath  = "../../charts/http-sidecar"
	petstorePath = "../../charts/petstore"
	contract     = "/values-config-server.yaml"
)

// TestSidecarIsReached: what light-4j reads, the container's ports, the probes,
// the Service and the policy agree, whatever the values say.
func TestSidecarIsReached(t *testing.T) {
	httpsOnly := values{"enableHttps": true, "enableHttp": false, "httpsPort": 8443}
	for name, c := range map[string]struct {
		chart  *chart.Chart
		values values
		opens  listener
		ports  []int32 // that are exposed
	}{
		"default":                 {ordersChart(t, ""), values{}, listener{"http", "0.0.0.0", 8080}, []int32{8080}},
		"alias":                   {ordersChart(t, "front"), values{}, listener{"http", "0.0.0.0", 8080}, []int32{8080}},
		"another port":            {ordersChart(t, ""), sidecar(values{"server": values{"httpPort": 9080}}), listener{"http", "0.0.0.0", 9080}, []int32{9080}},
		"HTTPS":                   {ordersChart(t, ""), sidecar(values{"server": httpsOnly}), listener{"https", "0.0.0.0", 8443}, []int32{8443}},
		"config server":           {ordersChart(t, ""), sidecar(valuesIn(t, sidecarPath+contract)), listener{"https", "0.0.0.0", 9445}, []int32{9445, 9080}},
		"petstore":                {load(t, petstorePath), values{}, listener{"http", "0.0.0.0", 8080}, []int32{8080}},
		"petstore, config server": {load(t, petstorePath), valuesIn(t, petstorePath+contract), listener{"https", "0.0.0.0", 9445}, []int32{9445, 9080}},
	} {
		t.Run(name, func(t *testing.T) {
			r := install(t, c.chart, "shop", c.values)
			pod := r.pod(t)
			container := containerOf(t, pod, "http-sidecar")

			file := r.sidecarValues(t, pod)
			opens, err := readServer(file, "server.").bind()
			require.NoError(t, err)
			require.Equal(t, c.opens, opens)

			var ports []int32
			for _, port := range container.Ports {
				ports = append(ports, port.ContainerPort)
			}
			require.Equal(t, c.ports, ports)
			for _, probe := range []*corev1.Probe{container.ReadinessProbe, container.LivenessProbe} {
				require.EqualValues(t, opens.port, portOf(t, container, probe.TCPSocket.Port))
			}
			require.EqualValues(t, 10, container.ReadinessProbe.InitialDelaySeconds)
			require.EqualValues(t, 30, container.LivenessProbe.InitialDelaySeconds)
			require.Equal(t, ports, r.requireService(t, pod, container))
			require.Equal(t, ports, requirePolicy(t, r, pod))
			r.requireBackend(t, pod, file, ports)
		})
	}
}

// sidecar are values for the dependency.
func sidecar(of values) values { return values{"http-sidecar": of} }

// pod is the only Deployment's.
func (r release) pod(t *testing.T) corev1.PodTemplateSpec {
	require.Len(t, r.deployments, 1)
	deployment := r.deployments["shop"]
	requireSelects(t, deployment.Spec.Selector, deployment.Spec.Template.Labels)
	return deployment.Spec.Template
}

func requireSelects(t *testing.T, selector *metav1.LabelSelector, set map[string]string) {
	require.True(t, selects(t, selector, set), "%v does not select %v", selector, set)
}

func selects(t *testing.T, selector *metav1.LabelSelector, set map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	require.NoError(t, err)
	return parsed.Matches(labels.Set(set))
}

func containerOf(t *testing.T, pod corev1.PodTemplateSpec, name string) corev1.Container {
	i := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return pod.Spec.Containers[i]
}

func portOf(t *testing.T, container corev1.Container, port intstr.IntOrString) int32 {
	require.Equal(t, intstr.String, port.Type, "ports are named")
	for _, candidate := range container.Ports {
		if candidate.Name == port.StrVal {
			return candidate.ContainerPort
		}
	}
	require.Fail(t, "no such port", port.StrVal)
	return 0
}

// sidecarValues is the values.yml that light-4j gets: the one in the ConfigMap that
// is mounted where it reads, or, with a config server, the one that the comment in
// values-config-server.yaml asks for.
func (r release) sidecarValues(t *testing.T, pod corev1.PodTemplateSpec) values {
	container := containerOf(t, pod, "http-sidecar")
	mounted := r.mounted(t, pod, container)
	if text, ok := mounted["/config/values.yml"]; ok {
		require.NotContains(t, mounted, "/config/startup.yml")
		return typed[values](t, text)
	}
	require.YAMLEq(t, `{configLoaderClass: com.networknt.server.DefaultConfigLoader, host: dev.lightapi.net, envTag: dev,
		serviceId: com.networknt.petstore-lpsc-3.1.0, acceptHeader: application/yaml, timeout: 3000}`, mounted["/config/startup.yml"])
	comment := regexp.MustCompile(`(?m)^#   (.*\n)`).FindAllStringSubmatch(read(t, sidecarPath+contract), -1)
	require.Len(t, comment, 3)
	return typed[values](t, comment[0][1]+comment[1][1]+comment[2][1])
}

// mounted are the files of ConfigMaps in a container, by their paths. All volumes
// and ConfigMaps that the container asks for have to be there.
func (r release) mounted(t *testing.T, pod corev1.PodTemplateSpec, container corev1.Container) map[string]string {
	files := map[string]string{}
	for _, mount := range container.VolumeMounts {
		i := slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
		require.GreaterOrEqual(t, i, 0, "no volume %s", mount.Name)
		source := pod.Spec.Volumes[i].ConfigMap
		if source == nil {
			continue
		}
		require.Contains(t, r.configs, source.Name)
		for name, text := range r.configs[source.Name].Data {
			switch mount.SubPath {
			case "":
				files[mount.MountPath+"/"+name] = text
			case name:
				files[mount.MountPath] = text
			}
		}
	}
	return files
}

// requireService returns the ports of the Service, each of which leads to the
// container's port with the same number.
func (r release) requireService(t *testing.T, pod corev1.PodTemplateSpec, container corev1.Container) (ports []int32) {
	require.Len(t, r.services, 1)
	service := r.services["shop"]
	requireSelects(t, &metav1.LabelSelector{MatchLabels: service.Spec.Selector}, pod.Labels)
	for _, port := range service.Spec.Ports {
		require.Equal(t, port.Port, portOf(t, container, port.TargetPort))
		require.Equal(t, "sidecar-"+port.Name, port.TargetPort.StrVal)
		ports = append(ports, port.Port)
	}
	return ports
}

// requirePolicy returns the ports that the policy lets in, and checks that it lets
// out what the sidecar's environment needs.
func requirePolicy(t *testing.T, r release, pod corev1.PodTemplateSpec) (ports []int32) {
	policy := r.policies["proxy-allow"]
	requireSelects(t, &policy.Spec.PodSelector, pod.Labels)
	require.Len(t, policy.Spec.Ingress, 1)
	for _, port := range policy.Spec.Ingress[0].Ports {
		ports = append(ports, port.Port.IntVal)
	}
	var out []string
	for _, rule := range policy.Spec.Egress {
		require.Empty(t, rule.To)
		for _, port := range rule.Ports {
			out = append(out, fmt.Sprint(*port.Protocol, " ", port.Port))
		}
	}
	want := []string{"TCP 8438", "TCP 443", "TCP 8443", "TCP 53", "UDP 53"}
	for _, variable := range containerOf(t, pod, "http-sidecar").Env {
		if variable.Name == "LIGHT_CONFIG_SERVER_URI" {
			require.Equal(t, "https://light-config-server:8435", variable.Value)
			want = append(want, "TCP 8435")
		}
	}
	require.Equal(t, want, out)
	return ports
}

// requireBackend: the sidecar sends requests to where the API listens, on the
// pod's loopback, and not to itself.
func (r release) requireBackend(t *testing.T, pod corev1.PodTemplateSpec, file values, ports []int32) {
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, file["proxy.hosts"])
	for _, port := range ports {
		require.NotEqual(t, fmt.Sprint("http://127.0.0.1:", port), file["proxy.hosts"])
	}
	i := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == "petstore" })
	if i < 0 {
		return
	}
	api := pod.Spec.Containers[i]
	require.Empty(t, api.Ports)
	opens, err := readServer(typed[values](t, r.mounted(t, pod, api)["/config/server.yml"]), "").bind()
	require.NoError(t, err)
	require.Equal(t, file["proxy.hosts"], fmt.Sprintf("%s://%s:%d", opens.scheme, opens.address, opens.port))
}

// TestPodStarts: the kubelet accepts the containers of the petstore's pod, and what
// they write has a place.
func TestPodStarts(t *testing.T) {
	for name, with := range map[string]values{
		"default":       {},
		"config server": valuesIn(t, petstorePath+contract),
		"no sidecar":    sidecar(values{"enabled": false}),
	} {
		t.Run(name, func(t *testing.T) {
			r := install(t, load(t, petstorePath), "shop", with)
			pod := r.pod(t)
			for _, container := range pod.Spec.Containers {
				require.True(t, *container.SecurityContext.RunAsNonRoot)
				require.EqualValues(t, 1000, *container.SecurityContext.RunAsUser, "the images name no user")
				require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
				require.Contains(t, emptyDirs(pod, container), "/tmp", "Java writes there")
				require.Contains(t, pathsOf(container), "/config")
				require.NotEmpty(t, r.mounted(t, pod, container))
			}
		})
	}
}

func emptyDirs(pod corev1.PodTemplateSpec, container corev1.Container) (paths []string) {
	for _, mount := range container.VolumeMounts {
		for _, volume := range pod.Spec.Volumes {
			if volume.Name == mount.Name && volume.EmptyDir != nil && !mount.ReadOnly {
				paths = append(paths, mount.MountPath)
			}
		}
	}
	return paths
}

func pathsOf(container corev1.Container) (paths []string) {
	for _, mount := range container.VolumeMounts {
		paths = append(paths, mount.MountPath)
	}
	return paths
}

// TestContract: with values-config-server.yaml, the container is that of networknt's
// Kubernetes contract.
func TestContract(t *testing.T) {
	pod := install(t, ordersChart(t, ""), "shop", sidecar(valuesIn(t, sidecarPath+contract))).pod(t)
	container := containerOf(t, pod, "http-sidecar")
	require.Equal(t, "networknt/http-sidecar:2.2.1", container.Image)
	require.Equal(t, []string{"/tmp", "/config"}, emptyDirs(pod, container))
	require.Equal(t, []string{"/tmp", "/config", "/config/startup.yml", "/config/bootstrap.truststore"}, pathsOf(container))

	environment, keys := map[string]string{}, []string{"bootstrap.truststore"}
	for _, variable := range container.Env {
		environment[variable.Name] = variable.Value
		if variable.ValueFrom != nil {
			require.Equal(t, "shop-bootstrap", variable.ValueFrom.SecretKeyRef.Name)
			keys = append(keys, variable.ValueFrom.SecretKeyRef.Key)
		}
	}
	require.Equal(t, map[string]string{
		"LIGHT_4J_CONFIG_PASSWORD":                 "",
		"LIGHT_CONFIG_SERVER_URI":                  "https://light-config-server:8435",
		"CONFIG_SERVER_CLIENT_TRUSTSTORE_LOCATION": "/config/bootstrap.truststore",
		"CONFIG_SERVER_CLIENT_TRUSTSTORE_PASSWORD": "",
		"CONFIG_SERVER_CLIENT_VERIFY_HOST_NAME":    "false",
		"LIGHT_PORTAL_AUTHORIZATION":               "",
		"LIGHT_ENV":                                "dev",
		"JAVA_TOOL_OPTIONS":                        "-XX:MaxRAMPercentage=75.0",
	}, environment)
	volume := pod.Spec.Volumes[slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == "bootstrap" })]
	require.Equal(t, "shop-bootstrap", volume.Secret.SecretName)

	_, block, _ := strings.Cut(read(t, sidecarPath+"/README.md"), "```yaml\n# Secret\n")
	block, _, _ = strings.Cut(block, "```")
	secret := typed[values](t, block)
	inReadme := slices.Collect(maps.Keys(secret["stringData"].(values)))
	inReadme = slices.AppendSeq(inReadme, maps.Keys(secret["data"].(values)))
	require.ElementsMatch(t, keys, inReadme)
}

// TestContractOfThePetstore: both charts mean the same contract.
func TestContractOfThePetstore(t *testing.T) {
	require.Equal(t, sidecar(valuesIn(t, sidecarPath+contract)), valuesIn(t, petstorePath+contract))
}

// TestConfigServerPort: the port of the URI is opened, and not twice.
func TestConfigServerPort(t *testing.T) {
	for uri, want := range map[string]int{
		"https://light-config-server:8435": 6,
		"https://config.example.com":       5,
		"https://config.example.com:8443/": 5,
		"https://[fd00::1]:9435":           6,
	} {
		with := valuesIn(t, sidecarPath+contract)
		with["configServer"].(values)["uri"] = uri
		policy := install(t, load(t, sidecarPath), "shop", with).policies["proxy-allow"]
		count := 0
		for _, rule := range policy.Spec.Egress {
			count += len(rule.Ports)
		}
		require.Equal(t, want, count, uri)
		if want == 6 {
			require.Contains(t, uri, fmt.Sprint(":", policy.Spec.Egress[1].Ports[0].Port))
		}
	}
}
