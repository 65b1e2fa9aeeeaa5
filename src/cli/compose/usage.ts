export const COMPOSE_USAGE = "gantry compose [OPTIONS] COMMAND ('gantry compose --help' tells all)";
