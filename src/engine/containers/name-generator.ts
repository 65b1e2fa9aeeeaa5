import { randomInt } from "node:crypto";

const ADJECTIVES =
  "agile airy amber ample apt arctic autumn balmy bold brave breezy bright brisk calm candid careful cheerful clear clever cobalt cool coral cosy crisp curious dapper daring deft eager early easy elegant fair fancy fearless fine fleet fond frank fresh friendly frosty gentle glad golden good grand graceful happy hardy hearty helpful honest humble icy ideal jolly jovial just keen kind lively loyal lucid lucky mellow merry mild modest neat nimble noble patient plain playful pleasant plucky polite prompt proud quick quiet rapid ready robust rosy sage serene sharp shiny silent silver simple sincere sleek smart snowy solid spry steady stellar still sturdy subtle sunny swift tender thrifty tidy tranquil trusty upbeat useful vivid warm wise witty young zesty".split(
    " ",
  );

/** Scientists, engineers and mathematicians. */
const SURNAMES =
  "abel agnesi albring alhazen ampere archimedes avogadro babbage banach bardeen bassi bell bernoulli bessel boltzmann boole born bose bosch brahe brunel cantor carson cauchy cavendish celsius chandra clausius copernicus coulomb curie dalton darwin davy descartes dirac doppler eckert edison einstein erdos euclid euler faraday fermat fermi feynman fibonacci fleming fourier franklin galilei galois galvani gauss germain gibbs godel goodall hamilton harvey heaviside heisenberg helmholtz herschel hertz hilbert hooke hopper hubble humboldt huygens hypatia jacobi jenner joule kelvin kepler khayyam kirchhoff klein knuth koch kovalevskaya lagrange lamarr laplace leavitt leibniz linnaeus lorentz lovelace mach marconi markov maxwell meitner mendel mercator mirzakhani morse napier nash newton nobel noether ohm pascal pasteur pauli pavlov planck poincare poisson ptolemy pythagoras ramanujan riemann ritchie rontgen rutherford sagan schrodinger shannon somerville stokes tesla thales thompson torricelli turing venn vesalius volta watt weber wegener wiener wirth wu yalow zuse".split(
    " ",
  );

/** A name that nobody has: `adjective_surname`, with a digit when the first tries were taken. */
export function generateName(isTaken: (name: string) => boolean): string {
  const pick = (words: readonly string[]) => words[randomInt(words.length)]!;
  for (let attempt = 0; ; attempt++) {
    const base = `${pick(ADJECTIVES)}_${pick(SURNAMES)}`;
    const name = attempt < 6 ? base : `${base}${randomInt(10 ** Math.min(9, Math.ceil(attempt / 6)))}`;
    if (!isTaken(name)) return name;
  }
}
