from realink.commands import main

main()
