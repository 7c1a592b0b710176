import asyncio
async def main():
    p = await asyncio.create_subprocess_exec("echo", "from a child", stdout=asyncio.subprocess.PIPE)
    print((await p.communicate())[0], await p.wait())
    await asyncio.sleep(0.001)
asyncio.run(main())
