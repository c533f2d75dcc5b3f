/** For tests of jobs: waiting for one without asking again and again. */
import type { Job } from '#store'
import type { Door } from '../door.fixture.ts'

/** The job when it is over; the queue tells when. */
export async function ended(door: Door, id: string): Promise<Job> {
  const over = (job: Job | undefined) => job && ['FINISHED', 'FAILED', 'STOPPED', 'CANCELED'].includes(job.status)
  return new Promise((resolve) => {
    const stop = door.server.queue.on((job) => {
      if (job.id !== id || !over(job)) return
      stop()
      resolve(job)
    })
    void door.server.queue.get(id).then((job) => {
      if (!over(job)) return
      stop()
      resolve(job!)
    })
  })
}
