export const BUILD_USAGE = "gantry build [OPTIONS] PATH | URL | - ('gantry build --help' tells all)";
