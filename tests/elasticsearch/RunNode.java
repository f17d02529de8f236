// Starts one Elasticsearch node inside this Java, for tests: RunNode HOME HTTP_PORT TRANSPORT_PORT OWNER_PID
// It ends when the process OWNER_PID ends, however that happens, so that no test run leaves a node behind.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

public class RunNode {
    private static void end(Path data) {
        if (Files.isSymbolicLink(data)) {  // data in memory: nobody else would remove it
            try (Stream<Path> files = Files.walk(data.toRealPath())) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            } catch (IOException | RuntimeException ignored) {
                // what cannot be removed now stays until the machine is started anew
            }
        }
        Runtime.getRuntime().halt(0);
    }

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        ProcessHandle owner = ProcessHandle.of(Long.parseLong(arguments[3])).orElse(null);
        if (owner == null) {
            return;
        }
        owner.onExit().thenRun(() -> end(home.resolve("data")));
        LogConfigurator.configureESLogging();
        LogConfigurator.setNodeName("kulla-test");
        Settings settings = Settings.builder()
            .put("path.home", home.toString())
            .put("path.data", home.resolve("data").toString())
            .put("node.name", "kulla-test")
            .put("cluster.name", "kulla-test")
            .put("http.port", arguments[1])
            .put("transport.port", arguments[2])
            .put("network.host", "127.0.0.1")
            .put("discovery.type", "single-node")
            .put("cluster.max_shards_per_node", "4000")
            .put("node.processors", "1")
            .put("cluster.routing.allocation.disk.threshold_enabled", "false")
            // This collector frees nothing while the node is idle: what is used would be refused for good.
            .put("indices.breaker.total.use_real_memory", "false")
            .build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            settings, Map.of(), home.resolve("config"), () -> "kulla-test");
        PluginsLoader plugins = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(home.resolve("modules"), true), Set.of(), Map.of());
        new Node(environment, plugins).start();
        Thread.currentThread().join();  // the node's own threads do not keep Java alive
    }
}
