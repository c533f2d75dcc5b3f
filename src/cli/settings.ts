/** From the configuration to what main needs. */
import { readFileSync } from 'node:fs'
import { type Config, createLog, describeError, type Log, Problem, systemClock } from '#kernel'
import type { Settings } from '../main.ts'

export function settingsOf(config: Config): Settings {
  const {
    platform,
    server,
    database,
    admin,
    ems,
    grid,
    charging,
    security,
    flexmeasures,
    mail,
    mqtt,
    monitoring,
    simulation,
    territory,
    retention,
    forecasts,
  } = config
  return {
    data: database.folder,
    host: server.host,
    port: server.port,
    platformName: platform.name,
    timezone: platform.timezone,
    admin,
    demo: simulation.enabled !== 'off',
    ...(simulation.territory !== undefined && { demoTerritory: simulation.territory }),
    seed: simulation.seed,
    simulatedPorts: simulation.ports,
    history: simulation.history,
    heartbeat: ems.heartbeat,
    replan: ems.replan,
    forecast: ems.forecast,
    retention,
    solverDeadline: ems.solverDeadline,
    demandResponseLevels: grid.demandResponseLevels,
    server: {
      language: platform.language,
      ...(server.publicUrl !== undefined && { publicUrl: server.publicUrl }),
      trustProxy: server.trustProxy,
      ingestLimit: server.ingestLimit,
      uploadRows: server.uploadRows,
      bodyLimit: server.bodyLimit,
      headerLimit: server.headerLimit,
      requestTimeout: server.requestTimeout,
      sessionLength: server.sessionLength,
      flexMeasures: flexmeasures,
      security,
      allowOverwrite: ems.allowOverwrite,
      forecasts: Object.entries(forecasts).map(([name, one]) => ({ name, ...one })),
    },
    charging: {
      securityProfile: charging.securityProfile,
      organization: charging.organization ?? platform.name,
      trustProxy: server.trustProxy,
      ...(charging.tls.port !== undefined && { tls: securePortOf(config, charging.tls.port) }),
      ...(charging.contracts.url !== undefined && {
        contracts: { url: charging.contracts.url, ...(charging.contracts.token !== undefined && { token: charging.contracts.token }) },
      }),
      ...(charging.citrineos.amqp !== undefined && { citrineos: citrineosOf(charging.citrineos, charging.citrineos.amqp) }),
      unknownStations: charging.unknownStations,
      freeVend: charging.freeVend,
      heartbeat: charging.heartbeat / 1000,
      sampling: charging.sampling / 1000,
      safeCurrent: charging.localDefaultLimit,
      voltage: charging.voltage,
      patience: charging.answerTimeout,
      clockTolerance: charging.clockTolerance,
      strictModels: charging.strictModels,
      lenientModels: charging.lenientModels,
      longestMessage: charging.longestMessage,
      mostMessages: charging.mostMessages,
      mostConnections: charging.mostConnections,
      target: charging.target,
      readyBy: charging.readyBy,
      samplesKept: retention.samples,
    },
    mail,
    ...(mqtt.url !== undefined && { mqtt: mqttOf(mqtt, mqtt.url) }),
    monitoring,
    ...(security.secretKey !== undefined && { secretKey: security.secretKey }),
    outwardAllow: security.outwardAllow,
    citrineosOnLoopback: charging.citrineosOnLoopback,
    ...(database.url !== undefined && { databaseUrl: database.url }),
    ...(territory !== undefined && { territory }),
  }
}

/** Stations call us by the names that are configured, by that of the public address, and in trials by localhost. */
function securePortOf({ charging: { tls }, server }: Config, port: number) {
  const given = [...tls.names, ...(server.publicUrl === undefined ? [] : [new URL(server.publicUrl).hostname])]
  return { port, host: tls.host, certificates: tls.certificates, names: [...new Set([...given, 'localhost', '127.0.0.1'])] }
}

/** @throws Problem `config-invalid` when orders are to go through an API that is not named, or a file cannot be read */
function citrineosOf({ authority, orders, api, ...rest }: Config['charging']['citrineos'], amqp: string) {
  if (orders !== 'inject' && api === undefined)
    throw new Problem('config-invalid', `charging.citrineos.orders is '${orders}', and charging.citrineos.api is not set.`, {
      hint: "Set the address of its message API, or leave orders at 'inject'.",
    })
  return {
    ...rest,
    amqp,
    orders,
    ...(api !== undefined && { api }),
    ...(authority !== undefined && { authority: pemIn(authority, 'charging.citrineos.authority') }),
  }
}

const mqttOf = ({ authority, ...rest }: Config['mqtt'], url: string) => ({
  ...rest,
  url,
  ...(authority !== undefined && { authority: pemIn(authority, 'mqtt.authority') }),
})

function pemIn(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Problem('config-invalid', `The file of ${setting} cannot be read: ${describeError(error)}`, {
      hint: 'Name a PEM file that this program may read.',
    })
  }
}

/** The log as the configuration wants it: readable lines on a terminal, JSON elsewhere. */
export function logOf({ log }: Config, terminal: boolean): Log {
  const pretty = log.format === 'pretty' || (log.format === 'auto' && terminal)
  return createLog(log.level, pretty ? (line) => process.stdout.write(readable(line)) : undefined)
}

function readable(line: string): string {
  try {
    const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
    const fields = Object.entries(rest).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${msg}${fields.length > 0 ? `  ${fields.join(' ')}` : ''}\n`
  } catch {
    return line
  }
}

export const clock = systemClock
